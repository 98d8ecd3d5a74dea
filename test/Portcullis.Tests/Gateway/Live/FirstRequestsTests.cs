using System.Net;
using Portcullis.Gateway.Backends.Host.Processes;
using GitProgram = Portcullis.Tests.Git.GitProgram;

namespace Portcullis.Tests.Gateway.Live;

public sealed class FirstRequestsTests
{
    [Fact]
    public async Task Many_who_come_first_at_once_start_git_as_often_as_one()
    {
        await using var server = await GatewayServer.StartAsync();
        foreach (var name in (string[])["warm", "acme/one", "acme/many"])
        {
            var repository = await server.CreateRepositoryAsync(name);
            var tree = GitProgram.RunText(repository, "hash-object", "-t", "tree", "-w", "/dev/null");
            GitProgram.RunText(repository, "update-ref", "refs/heads/main", GitProgram.RunText(repository, "commit-tree", "-m", "one", tree));
        }

        await StartsAsync(server, "warm", 1);
        var one = await StartsAsync(server, "acme/one", 1);
        Assert.NotEqual(0, one);
        Assert.Equal(one, await StartsAsync(server, "acme/many", 20));
    }

    // In protocol version 0, so that the refs are asked for, too.
    private static async Task<long> StartsAsync(GatewayServer server, string repository, int requests)
    {
        var started = server.Service<GitLauncher>().Started;
        using var client = server.Client(server.Token($"git:{repository}:pull"));
        var answers = await Task.WhenAll(Enumerable.Range(0, requests).Select(_ =>
            client.GetAsync(new Uri($"{repository}/info/refs?service=git-upload-pack", UriKind.Relative), TestContext.Current.CancellationToken)));
        Assert.All(answers, static answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        return server.Service<GitLauncher>().Started - started;
    }
}
