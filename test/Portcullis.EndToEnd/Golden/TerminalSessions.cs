using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Golden;

/// <summary>What a user of real git sees, for each case.</summary>
public sealed class TerminalSessions(GoldenSite site) : IClassFixture<GoldenSite>
{
    private static readonly string s_folder = Path.Combine(Source.Project, "Golden", "Sessions");

    public static TheoryData<string> Names
        => [.. Directory.EnumerateFiles(s_folder, "*.session").Order(StringComparer.Ordinal).Select(path => Path.GetFileNameWithoutExtension(path))];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Look_as_written(string name)
    {
        // The words are those of the system's git of Debian 12: another version says some things in its own way.
        var version = (await Shell.RunAsync("git", ["--version"], "/", new Dictionary<string, string>())).Output.Trim();
        Assert.SkipUnless(version.StartsWith("git version 2.39.", StringComparison.Ordinal), $"written with git 2.39; here is {version}");

        await new Session(site, Path.Combine(s_folder, name + ".session")).PlayAsync();
    }
}
