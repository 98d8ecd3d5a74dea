using System.Net.Http.Headers;
using System.Text;
using Portcullis.Gateway.Backends.Host.Pushes;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Live;

/// <summary>What git starts for a push, of which some is spared, and that nothing gets through by that.</summary>
public sealed class PushProcessTests : IAsyncLifetime
{
    // Nothing is to be proved for it, so that the repository's own hooks see the environment that receive-pack gets.
    private const string Scope = "git:acme/app:pull,push,force,delete";

    private readonly string work = Directory.CreateTempSubdirectory("portcullis-work-").FullName;
    private GatewayServer server = null!;
    private string repository = null!;
    private string clone = null!;
    private string token = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        repository = await server.CreateRepositoryAsync("acme/app");
        token = server.Token(Scope);
        clone = Path.Combine(work, "clone");
        GitProgram.RunText(null, "init", "-q", "-b", "main", clone);
        GitProgram.RunText(clone, "remote", "add", "origin", server.Url("acme/app"));
        Commit();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(work, recursive: true);
    }

    [Fact]
    public void Tidying_is_looked_for_at_the_first_push_and_at_each_sixteenth_after_it()
    {
        // git asks this hook where it has found something to do: here more than one pack, and each push brings one.
        var asked = Path.Combine(work, "asked");
        Hook("pre-auto-gc", $"echo asked >>'{asked}'\nexit 1");
        GitProgram.RunText(repository, "config", "receive.unpackLimit", "1");
        GitProgram.RunText(repository, "config", "gc.autoPackLimit", "1");
        GitProgram.RunText(repository, "config", "gc.autoDetach", "false");
        for (var push = 0; push < TidyingTurns.Interval; push++)
        {
            Push();
        }

        Assert.False(File.Exists(asked));
        Push();
        Assert.Single(File.ReadAllLines(asked));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_refs_of_alternates_are_listed_where_there_are_any(bool hasAlternates)
    {
        var seen = Path.Combine(work, "seen");
        Hook("post-receive", $"git config --get core.alternateRefsCommand >'{seen}' || true");
        if (hasAlternates)
        {
            var other = await server.CreateRepositoryAsync("acme/other");
            await File.WriteAllTextAsync(Path.Combine(repository, "objects/info/alternates"), Path.Combine(other, "objects") + "\n", TestContext.Current.CancellationToken);
        }

        Push();
        Assert.Equal(hasAlternates ? "" : "true", Path.GetFileName((await File.ReadAllTextAsync(seen, TestContext.Current.CancellationToken)).TrimEnd()));
    }

    [Fact]
    public void A_pack_that_lacks_objects_is_refused_by_the_check_of_connectivity()
    {
        // unpack-objects would refuse it, too.
        GitProgram.RunText(repository, "config", "receive.fsckObjects", "false");
        Push();
        Commit();
        var tip = GitProgram.RunText(clone, "rev-parse", "HEAD");
        var commitAlone = GitProgram.Run(clone, ["pack-objects", "--stdout", "-q"], Encoding.ASCII.GetBytes(tip + "\n"));
        var answer = PushPack(GitProgram.RunText(clone, "rev-parse", "HEAD~1"), tip, commitAlone);
        Assert.Contains("ng refs/heads/main missing necessary objects", answer, StringComparison.Ordinal);
        Assert.Equal(GitProgram.RunText(clone, "rev-parse", "HEAD~1"), GitProgram.RunText(repository, "rev-parse", "main"));
    }

    [Fact]
    public void What_a_hook_says_after_the_refs_have_moved_is_heard()
    {
        Hook("post-receive", "echo told afterwards");
        Commit();
        var push = server.Git(token, clone, "push", "origin", "HEAD:main");
        Assert.True(push.ExitCode == 0, push.Error);
        Assert.Contains("remote: told afterwards", push.Error, StringComparison.Ordinal);
    }

    private string PushPack(string before, string after, byte[] pack)
    {
        using var client = server.Client(token);
        var command = $"{before} {after} refs/heads/main\0report-status agent=test";
        using var content = new ByteArrayContent([.. Encoding.ASCII.GetBytes($"{command.Length + 4:x4}{command}0000"), .. pack]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-git-receive-pack-request");
        using var response = client.PostAsync("acme/app/git-receive-pack", content).Result;
        return Encoding.Latin1.GetString(response.Content.ReadAsByteArrayAsync().Result);
    }

    private void Push()
    {
        Commit();
        var push = server.Git(token, clone, "push", "-q", "origin", "HEAD:main");
        Assert.True(push.ExitCode == 0, push.Error);
    }

    private void Commit()
    {
        File.AppendAllText(Path.Combine(clone, "file"), "line\n");
        GitProgram.RunText(clone, "add", "file");
        GitProgram.RunText(clone, "commit", "-q", "-m", "a line");
    }

    private void Hook(string name, string script)
    {
        var path = Path.Combine(repository, "hooks", name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
