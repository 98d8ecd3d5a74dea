using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Golden;

/// <summary>What a user of real git sees, for each case.</summary>
public sealed class TerminalSessions(GoldenSite site) : IClassFixture<GoldenSite>
{
    public static TheoryData<string> Names =>
        [.. Directory.EnumerateFiles(SessionFiles.Folder("Sessions"), "*.session").Order(StringComparer.Ordinal).Select(path => Path.GetFileNameWithoutExtension(path))];

    [Theory]
    [MemberData(nameof(Names))]
    public Task Look_as_written(string name) => SessionFiles.PlayAsync(site, "Sessions", name);
}

/// <summary>The same where pushes are limited.</summary>
public sealed class TerminalSessionsOfSmallPushes(SmallPushSite site) : IClassFixture<SmallPushSite>
{
    [Fact]
    public Task Look_as_written() => SessionFiles.PlayAsync(site, "SessionsAtLimits", "push-too-large");
}

/// <summary>The same where requests are limited.</summary>
public sealed class TerminalSessionsOfFewRequests(FewRequestsSite site) : IClassFixture<FewRequestsSite>
{
    [Fact]
    public Task Look_as_written() => SessionFiles.PlayAsync(site, "SessionsAtLimits", "too-many-requests");
}

/// <summary>The sessions on disk.</summary>
internal static class SessionFiles
{
    public static async Task PlayAsync(GoldenSite site, string folder, string name)
    {
        // The words are those of the system's git of Debian 12: another version says some things in its own way.
        var version = (await Shell.RunAsync("git", ["--version"], "/", new Dictionary<string, string>())).Output.Trim();
        Assert.SkipUnless(version.StartsWith("git version 2.39.", StringComparison.Ordinal), $"written with git 2.39; here is {version}");

        await new Session(site, Path.Combine(Folder(folder), name + ".session")).PlayAsync();
    }

    public static string Folder(string name) => Path.Combine(Source.Project, "Golden", name);
}
