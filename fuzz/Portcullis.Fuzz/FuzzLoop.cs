using System.Diagnostics;

namespace Portcullis.Fuzz;

/// <summary>
/// Feeds a target with changed inputs. Inputs that are answered in a way not seen before are kept and changed further, which takes the place of measured coverage:
/// decoders name each reason for which they refuse.
/// </summary>
internal sealed class FuzzLoop(FuzzTarget target, Corpus corpus, int seed)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);

    /// <summary>Runs until the time is over or the target fails.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="output">Where to report.</param>
    /// <returns>Whether all went well.</returns>
    public bool Run(TimeSpan duration, TextWriter output)
    {
        var mutator = new Mutator(seed);
        List<byte[]> pool = [.. corpus.Read(target).Select(entry => entry.Input)];
        var seen = new HashSet<string>();
        var clock = Stopwatch.StartNew();
        long runs = 0;
        foreach (var input in pool.ToArray())
        {
            if (!TryRun(input, seen, pool, output))
            {
                return false;
            }
        }

        pool.Add([]);
        for (; clock.Elapsed < duration; runs++)
        {
            if (!TryRun(mutator.Mutate(mutator.Pick(pool), mutator.Pick(pool)), seen, pool, output))
            {
                return false;
            }
        }

        output.WriteLine($"{target.Name}: {runs} inputs, {seen.Count} different answers, seed {seed}");
        return true;
    }

    private bool TryRun(byte[] input, HashSet<string> seen, List<byte[]> pool, TextWriter output)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            // The length, roughly, belongs to the answer: longer accepted inputs lead deeper.
            var answer = target.Run(input) + " " + int.Log2(input.Length + 1);
            if (seen.Add(answer))
            {
                pool.Add(input);
            }

            if (Stopwatch.GetElapsedTime(started) < Slow)
            {
                return true;
            }

            output.WriteLine($"{target.Name}: an input took {Stopwatch.GetElapsedTime(started)}; saved as {corpus.Save(target, input)}");
        }
        catch (FuzzFailureException exception)
        {
            output.WriteLine($"{target.Name}: {exception.Message}; saved as {corpus.Save(target, input)}, seed {seed}");
            output.WriteLine(exception.InnerException);
        }

        return false;
    }
}
