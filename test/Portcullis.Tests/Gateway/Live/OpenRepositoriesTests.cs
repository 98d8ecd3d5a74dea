using System.Net;
using System.Net.Http.Headers;
using Portcullis.Tests.Gateway.Freshness;
using GitProgram = Portcullis.Tests.Git.GitProgram;

namespace Portcullis.Tests.Gateway.Live;

/// <summary>A repository is open for as long as a request about it lasts, however that ends.</summary>
public sealed class OpenRepositoriesTests
{
    [Fact]
    public async Task Nothing_of_a_repository_stays_open()
    {
        await using var server = await GatewayServer.StartAsync();
        var work = Directory.CreateTempSubdirectory("portcullis-work-").FullName;
        try
        {
            var repository = await server.CreateRepositoryAsync("acme/app");
            var seed = Path.Combine(work, "seed");
            GitProgram.RunText(null, "init", "-q", "-b", "main", seed);
            GitProgram.RunText(seed, "commit", "-q", "--allow-empty", "-m", "one");
            GitProgram.RunText(seed, "push", "-q", repository, "main");
            Directory.CreateSymbolicLink(Path.Combine(Path.GetDirectoryName(repository)!, "alias.git"), repository);

            var writer = server.Token("git:acme/*:pull,push,init");
            var reader = server.Token("git:acme/*:pull");
            for (var round = 0; round < 3; round++)
            {
                foreach (var version in (int[])[0, 1, 2])
                {
                    server.ProtocolVersion = version;
                    Assert.Equal(0, server.Git(reader, null, "ls-remote", server.Url("acme/app.git")).ExitCode);
                    Assert.Equal(0, server.Git(reader, null, "ls-remote", server.Url("acme/alias.git")).ExitCode);
                    Assert.Equal(0, server.Git(server.Token("git:acme/app@refs/heads/main:pull"), null, "clone", "-q", server.Url("acme/app.git"), Path.Combine(work, $"clone-{round}-{version}")).ExitCode);
                }

                GitProgram.RunText(seed, "commit", "-q", "--allow-empty", "-m", "more");
                Assert.Equal(0, server.Git(writer, seed, "push", "-q", server.Url("acme/app.git"), "main").ExitCode);
                Assert.Equal(0, server.Git(writer, seed, "push", "-q", server.Url($"acme/made-{round}.git"), "main").ExitCode);
                Assert.NotEqual(0, server.Git(reader, seed, "push", "-q", server.Url("acme/app.git"), "main:other").ExitCode);
                Assert.NotEqual(0, server.Git(server.Token("git:acme/app@refs/heads/main:pull,push"), seed, "push", "-q", server.Url("acme/app.git"), "main:other").ExitCode);
                Assert.NotEqual(0, server.Git(reader, null, "ls-remote", server.Url("acme/none.git")).ExitCode);
                await BatchAsync(server, writer, "upload", HttpStatusCode.OK);
                await BatchAsync(server, reader, "upload", HttpStatusCode.Forbidden);
            }

            Assert.Equal(0, HeldFileTests.OpenBelow(server.Repositories.Root));
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static async Task BatchAsync(GatewayServer server, string token, string operation, HttpStatusCode expected)
    {
        using var client = server.Client(token);
        using var body = new StringContent($$"""{"operation":"{{operation}}","objects":[{"oid":"{{new string('a', 64)}}","size":1}]}""");
        body.Headers.ContentType = new MediaTypeHeaderValue("application/vnd.git-lfs+json");
        using var answer = await client.PostAsync(new Uri("acme/app.git/info/lfs/objects/batch", UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.Equal(expected, answer.StatusCode);
    }
}
