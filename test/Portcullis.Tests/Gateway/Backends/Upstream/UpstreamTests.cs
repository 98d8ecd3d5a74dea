using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Portcullis.Audit;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Backends.Upstream;

public partial class UpstreamTests
{
    private const string Everything = "git:*:pull,push,force,delete";

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_token_clones_pushes_and_fetches_through_both_levels(int version)
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        levels.Gateway.ProtocolVersion = version;
        var clone = levels.Clone(Everything);

        var commit = TwoLevels.Commit(clone, "two.txt");
        var pushed = levels.Gateway.Git(levels.Gateway.Token(Everything), clone, "push", "origin", "HEAD:main", ":refs/heads/topic", "HEAD:refs/heads/new");

        Assert.True(pushed.ExitCode == 0, pushed.Error);
        Assert.Equal($"{commit} commit\trefs/heads/main\n{commit} commit\trefs/heads/new", levels.Refs("acme/app"));
        Assert.Equal(commit, GitProgram.RunText(levels.Clone(Everything), "rev-parse", "HEAD"));
        var entry = Assert.Single(await levels.Gateway.AuditAsync(), entry => entry.Record.Operation == "push" && entry.Record.Refs is not null);
        Assert.Equal(["move", "delete", "create"], entry.Record.Refs!.Select(change => change.Change));
        Assert.All(entry.Record.Refs!, change => Assert.Equal(AuditOutcome.Allowed, change.Outcome));
    }

    [Theory]
    [InlineData("git-upload-pack", "git:*@refs/heads/shown/*:pull,push", 0)]
    [InlineData("git-upload-pack", "git:*@refs/heads/shown/*:pull,push", 1)]
    [InlineData("git-receive-pack", "git:*@refs/heads/shown/*:pull,push", 0)]
    [InlineData("git-receive-pack", Everything, 0)]
    public async Task A_long_list_is_sent_with_its_length_as_from_disk(string service, string scope, int version)
    {
        await using var levels = await TwoLevels.StartAsync();
        var work = await levels.SeedAsync("acme/app");
        var commit = GitProgram.RunText(work, "rev-parse", "HEAD");
        var lines = string.Concat(Enumerable.Range(0, 1500).Select(i => $"create refs/heads/shown/{i:d5} {commit}\ncreate refs/heads/hidden/{i:d5} {commit}\n"));
        GitProgram.Run(Path.Combine(levels.Upstream.Folder, "repositories", "acme", "app.git"), ["update-ref", "--stdin"], Encoding.ASCII.GetBytes(lines));

        var behind = await ReadAsync(levels.Gateway, "up/acme/app");
        var onDisk = await ReadAsync(levels.Upstream, "acme/app");

        Assert.Equal(Refs(onDisk), Refs(behind));
        Assert.InRange(Refs(behind).Length, 1500, 3002);

        async Task<byte[]> ReadAsync(Live.GatewayServer server, string name)
        {
            var client = server.Client(server.Token(scope));
            client.DefaultRequestHeaders.Add("Git-Protocol", $"version={version}");
            using var answer = await client.GetAsync($"/{name}.git/info/refs?service={service}", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            var length = answer.Content.Headers.ContentLength;
            var bytes = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.Equal(bytes.Length, length);
            return bytes;
        }

        static string[] Refs(byte[] advertisement) => [.. RefLine().Matches(Encoding.UTF8.GetString(advertisement)).Select(match => match.Value)];
    }

    [Fact]
    public async Task What_no_upstream_matches_is_on_this_machines_disk()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        await levels.Gateway.CreateRepositoryAsync("acme/here");

        Assert.Equal(0, levels.Gateway.Git(levels.Gateway.Token(Everything), null, "ls-remote", levels.Gateway.Url("acme/here")).ExitCode);
        Assert.Contains("not found", levels.Gateway.Git(levels.Gateway.Token(Everything), null, "ls-remote", levels.Gateway.Url("acme/app")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_that_the_upstream_does_not_have_is_not_found_in_the_same_words_as_one_that_the_token_does_not_open()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        var client = levels.Gateway.Client(levels.Gateway.Token("git:up/acme/absent:pull,push"));

        foreach (var service in (string[])["git-upload-pack", "git-receive-pack"])
        {
            var absent = await client.GetAsync($"/up/acme/absent.git/info/refs?service={service}", TestContext.Current.CancellationToken);
            var closed = await client.GetAsync($"/up/acme/app.git/info/refs?service={service}", TestContext.Current.CancellationToken);

            Assert.Equal(HttpStatusCode.NotFound, absent.StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, closed.StatusCode);
            Assert.Equal(await TextAsync(closed), (await TextAsync(absent)).Replace("absent", "app", StringComparison.Ordinal).Replace("gives: git:up/acme/app", "gives: git:up/acme/absent", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_push_makes_no_repository_at_the_upstream_without_init()
    {
        // The upstream would make it: the credential that it is shown has the permission.
        await using var levels = await TwoLevels.StartAsync("git:*:pull,push,init");
        var work = await levels.SeedAsync("acme/app");

        var refused = levels.Gateway.Git(levels.Gateway.Token(Everything), work, "push", levels.Gateway.Url("up/acme/new"), "HEAD:main");
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Null(levels.Upstream.Repositories.Locate(Portcullis.Git.Names.RepositoryPath.Parse("acme/new")));

        var made = levels.Gateway.Git(levels.Gateway.Token(Everything + " git:*:init"), work, "push", levels.Gateway.Url("up/acme/new"), "HEAD:main");
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.NotNull(levels.Upstream.Repositories.Locate(Portcullis.Git.Names.RepositoryPath.Parse("acme/new")));
    }

    [Fact]
    public async Task A_refused_push_never_reaches_the_upstream()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        var clone = levels.Clone(Everything);
        TwoLevels.Commit(clone, "two.txt");

        var pushed = levels.Gateway.Git(levels.Gateway.Token("git:*:pull git:*@refs/heads/alice/*:push"), clone, "push", "origin", "HEAD:main");

        Assert.Contains("main (update is not allowed by the token)", pushed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(await levels.Upstream.AuditAsync(), entry => entry.Record is { Operation: "push" });
    }

    [Fact]
    public async Task An_upstream_that_rejects_the_credential_is_the_operators_to_mend_and_not_the_callers()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        await File.WriteAllTextAsync(levels.SecretFile, levels.Gateway.Token(Everything), TestContext.Current.CancellationToken);
        var client = levels.Gateway.Client(levels.Gateway.Token(Everything));

        var answer = await client.GetAsync("/up/acme/app.git/info/refs?service=git-upload-pack", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadGateway, answer.StatusCode);
        Assert.Empty(answer.Headers.WwwAuthenticate);
        Assert.Contains("the operator must renew 'credential' of this upstream", await TextAsync(answer), StringComparison.Ordinal);
        Assert.Contains(await levels.Gateway.AuditAsync(), entry => entry.Record is { Reason: "upstream_credential_rejected", Outcome: AuditOutcome.Failed, Status: 502 });
    }

    [Fact]
    public async Task A_credential_that_is_not_there_is_said_so()
    {
        await using var levels = await TwoLevels.StartAsync(change: definition => definition with
        {
            Credential = new BasicCredentialDefinition("x", new SecretLocation(null, "PORTCULLIS_TEST_NO_SUCH_VARIABLE")),
        });
        await levels.SeedAsync("acme/app");

        var listed = levels.Gateway.Git(levels.Gateway.Token(Everything), null, "ls-remote", levels.Gateway.Url("up/acme/app"));

        Assert.Contains("this server has no credential for it", listed.Error, StringComparison.Ordinal);
        Assert.Contains(await levels.Gateway.AuditAsync(), entry => entry.Record is { Reason: "upstream_credential_missing" });
    }

    [Fact]
    public async Task An_upstream_that_is_not_there_is_said_so_for_each_operation()
    {
        await using var levels = await TwoLevels.StartAsync();
        await levels.SeedAsync("acme/app");
        var clone = levels.Clone(Everything);
        var token = levels.Gateway.Token(Everything);
        Assert.Equal(0, levels.Gateway.Git(token, clone, "push", "origin", "HEAD:other").ExitCode);
        await levels.Upstream.StopListeningAsync();

        Assert.Contains("can't be reached", levels.Gateway.Git(token, clone, "fetch").Error, StringComparison.Ordinal);
        Assert.Contains("can't be reached", levels.Gateway.Git(token, clone, "push", "origin", "HEAD:new").Error, StringComparison.Ordinal);
        var fetch = await PostAsync(levels, token, "git-upload-pack", "0014command=fetch\n0001000fno-progress0000");
        Assert.Contains("ERR The Git server behind 'up/*' can't be reached.", fetch, StringComparison.Ordinal);
        var zero = new string('0', 40);
        var push = await PostAsync(levels, token, "git-receive-pack", Lines($"{zero} {new string('1', 40)} refs/heads/new\0report-status\n") + "0000");
        Assert.Contains("ng refs/heads/new the server behind can't be reached", push, StringComparison.Ordinal);
    }

    private static string Lines(string line) => $"{line.Length + 4:x4}{line}";

    private static async Task<string> PostAsync(TwoLevels levels, string token, string service, string body)
    {
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(body));
        content.Headers.ContentType = new($"application/x-{service}-request");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/up/acme/app.git/{service}") { Content = content };
        request.Headers.Add("Git-Protocol", "version=2");
        return await TextAsync(await levels.Gateway.Client(token).SendAsync(request, TestContext.Current.CancellationToken));
    }

    private static Task<string> TextAsync(HttpResponseMessage answer) => answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    [GeneratedRegex("[0-9a-f]{40} refs/heads/[^\n\0]+")]
    private static partial Regex RefLine();
}
