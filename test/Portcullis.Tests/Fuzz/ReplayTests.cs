using Portcullis.Fuzz;
using Portcullis.Tests.Architecture;

namespace Portcullis.Tests.Fuzz;

public class ReplayTests
{
    private static readonly Corpus Kept = new(Path.Combine(RepositoryTree.Root, "fuzz", "corpus"));

    [Fact]
    public void Every_kept_input_is_decoded_as_its_name_says()
    {
        Assert.Empty(Replay.Run(Kept));
    }

    [Fact]
    public void A_target_reports_crashes_and_broken_promises_and_nothing_else()
    {
        var target = new FuzzTarget(
            "test",
            input => input.Length switch
            {
                0 => throw new FormatException("declared"),
                1 => throw new InvalidOperationException("not declared"),
                2 => throw new FuzzFailureException("broken promise"),
                _ => true,
            },
            typeof(FormatException));
        Assert.Equal("declared", target.Run([]));
        Assert.IsType<InvalidOperationException>(Assert.Throws<FuzzFailureException>(() => target.Run(new byte[1])).InnerException);
        Assert.Throws<FuzzFailureException>(() => target.Run(new byte[2]));
        Assert.Equal("accepted", target.Run(new byte[3]));
    }

    [Fact]
    public void The_same_seed_makes_the_same_inputs()
    {
        Assert.Equal(Inputs(7), Inputs(7));
        Assert.NotEqual(Inputs(7), Inputs(8));

        static string Inputs(int seed)
        {
            var mutator = new Mutator(seed);
            return string.Concat(Enumerable.Range(0, 50).Select(_ => Convert.ToHexString(mutator.Mutate("0032want x\n"u8.ToArray(), "0000"u8.ToArray()))));
        }
    }
}
