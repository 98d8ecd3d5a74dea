using Portcullis.Server.Commands;
using Spectre.Console;

namespace Portcullis.Tests.Server.Commands;

public sealed class CommandTerminalTests
{
    [Fact]
    public void What_people_and_tokens_bring_can_not_command_the_terminal()
    {
        var output = new StringWriter();
        var terminal = Make(output);

        terminal.WriteMark("refused", Color.Red, "git:\u001b[2Jacme\u0007/app\r");
        terminal.WriteTable(["A"], [["x\u001b]0;title\u0007y [red]markup[/]"]]);

        Assert.DoesNotContain('\u001b', output.ToString());
        Assert.DoesNotContain('\u0007', output.ToString());
        Assert.Contains("[red]markup[/]", output.ToString());
    }

    [Fact]
    public void There_is_no_colour_without_a_terminal_and_no_line_is_broken()
    {
        var output = new StringWriter();
        Make(output).WriteTable(["NAME", "VALUE"], [["a", new string('x', 500)]]);

        Assert.Contains(new string('x', 500), output.ToString());
    }

    [Theory]
    [InlineData(5, "5 s")]
    [InlineData(60, "1 min")]
    [InlineData(90, "1 min 30 s")]
    [InlineData(3600, "1 h")]
    [InlineData(3660, "1 h 1 min")]
    [InlineData(200_000, "2 days")]
    public void Says_how_long(int seconds, string text) => Assert.Equal(text, TimeWords.Describe(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_token_is_not_taken_as_an_option_s_value()
    {
        var terminal = Make(TextWriter.Null);
        var exception = Assert.Throws<CommandFailedException>(() => SecretInput.ReadToken(terminal, "eyJhbGciOi", null));

        Assert.Equal(ExitCode.Usage, exception.ExitCode);
        Assert.DoesNotContain("eyJ", exception.Message);
    }

    private static CommandTerminal Make(TextWriter output) => new(TextReader.Null, output, TextWriter.Null, isTerminal: false, TimeProvider.System);
}
