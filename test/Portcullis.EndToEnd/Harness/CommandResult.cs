namespace Portcullis.EndToEnd.Harness;

/// <summary>What a command printed and how it ended.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Both streams, as a person at a terminal would find them one after the other.</summary>
    public string Text => Output + Error;

    public CommandResult ShouldSucceed()
    {
        Assert.True(ExitCode == 0, $"`{CommandLine}` ended with {ExitCode}:\n{Text}");
        return this;
    }

    public CommandResult ShouldFail()
    {
        Assert.True(ExitCode != 0, $"`{CommandLine}` was expected to fail, and did not:\n{Text}");
        return this;
    }
}
