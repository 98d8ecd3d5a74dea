using System.Net;
using Portcullis.Gateway.Backends.Upstream;
using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.Names;
using Portcullis.Tests.Gateway.Live;

namespace Portcullis.Tests.Gateway.Lfs;

/// <summary>Objects that another server keeps: its credential and what it says of its storage stay here, and this server goes only where the operator lets it.</summary>
public sealed class LfsUpstreamTests : IAsyncLifetime
{
    private const string Secret = "the-gateways-own-credential";

    private StandInUpstream upstream = null!;

    public async ValueTask InitializeAsync() => upstream = await StandInUpstream.StartAsync();

    public ValueTask DisposeAsync() => upstream.DisposeAsync();

    [Fact]
    public async Task Objects_go_through_and_nothing_of_the_upstreams_reaches_the_client()
    {
        await using var server = await StartAsync(allowsStorage: true);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        var brought = StandInUpstream.Object("at the storage");
        var size = brought.Content.Length;

        var batch = await client.BatchAsync("upload", "refs/heads/main", (brought.Oid, size));
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(batch.Action("upload")!.Value, brought.Content)).Status);
        Assert.Equal(brought.Content, upstream.Objects[brought.Oid]);
        Assert.Null((await client.BatchAsync("upload", "refs/heads/main", (brought.Oid, size))).Action("upload"));
        var offer = await client.BatchAsync("download", null, (brought.Oid, size));
        Assert.Equal(brought.Content, (await client.DownloadAsync(brought.Oid, size)).Bytes);

        // A storage that knows no ranges still lets a client go on: here, from its whole answer.
        var part = await client.FollowAsync(HttpMethod.Get, offer.Action("download")!.Value, headers: ("Range", "bytes=3-"));
        Assert.Equal((HttpStatusCode.PartialContent, brought.Content.Length - 3), (part.Status, part.Bytes.Length));
        Assert.Equal(brought.Content[3..], part.Bytes);
        foreach (var answer in (Answer[])[batch, offer])
        {
            Assert.DoesNotContain(StandInUpstream.ActionSecret, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain($":{upstream.Storage.Port}", answer.Text, StringComparison.Ordinal);
        }

        Assert.All(upstream.Shown.Where(entry => entry.Place == "api"), entry => Assert.Equal("Bearer " + Secret, entry.Authorization));
        Assert.All(upstream.Shown.Where(entry => entry.Place == "storage"), entry => Assert.Null(entry.Authorization));
        Assert.Contains(upstream.Shown, entry => entry.Place == "storage");
    }

    [Fact]
    public async Task At_the_upstreams_own_origin_its_credential_opens_the_objects()
    {
        upstream.StoresItself = true;
        await using var server = await StartAsync(allowsStorage: false);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        var brought = StandInUpstream.Object("at the upstream itself");

        Assert.Equal(HttpStatusCode.OK, (await client.UploadAsync(null, brought)).Status);
        Assert.Equal(brought.Content, (await client.DownloadAsync(brought.Oid, brought.Content.Length)).Bytes);

        Assert.All(upstream.Shown, entry => Assert.Equal("Bearer " + Secret, entry.Authorization));
        Assert.DoesNotContain(upstream.Shown, entry => entry.Place == "storage");
    }

    [Fact]
    public async Task This_server_goes_to_no_storage_that_was_not_allowed()
    {
        // Attack: an upstream, or who has taken it over, names an address of the inner network.
        await using var server = await StartAsync(allowsStorage: false);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        var brought = StandInUpstream.Object("somewhere");

        Assert.Equal(HttpStatusCode.BadGateway, (await client.UploadAsync(null, brought)).Status);
        Assert.DoesNotContain(upstream.Shown, entry => entry.Place == "storage");
        Assert.Contains((await server.AuditAsync()).Select(entry => entry.Record), record => record is { Operation: "lfs-upload", Reason: "upstream_redirected_away" });
    }

    [Fact]
    public async Task What_is_not_what_its_name_says_never_arrives()
    {
        await using var server = await StartAsync(allowsStorage: true);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        var brought = LfsClient.Object(new byte[300_000]);
        var upload = (await client.BatchAsync("upload", null, (brought.Oid, brought.Content.Length))).Action("upload")!.Value;
        var corrupted = brought.Content.ToArray();
        corrupted[^1] ^= 1;

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PutAsync(upload, corrupted)).Status);

        Assert.Equal(0, upstream.FinishedUploads);
        Assert.Empty(upstream.Objects);
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(upload, brought.Content)).Status);
    }

    [Fact]
    public async Task Who_may_pull_everything_is_sent_to_the_storage_where_the_operator_wants_it()
    {
        await using var server = await StartAsync(allowsStorage: true, isDirect: true);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));
        var brought = StandInUpstream.Object("at the storage");
        Assert.Equal(HttpStatusCode.OK, (await client.UploadAsync(null, brought)).Status);

        var action = (await client.BatchAsync("download", null, (brought.Oid, brought.Content.Length))).Action("download")!.Value;

        Assert.Equal(new Uri(upstream.Storage, brought.Oid).ToString(), action.GetProperty("href").GetString());
        Assert.Equal(StandInUpstream.ActionSecret, action.GetProperty("header").GetProperty("X-Storage").GetString());
        using var restricted = new LfsClient(server, server.Token("git:acme/app@refs/heads/main:pull"));
        Assert.Equal(404, (await restricted.BatchAsync("download", null, (brought.Oid, brought.Content.Length))).ErrorCode);
    }

    [Theory]
    [InlineData("not json", HttpStatusCode.BadGateway)]
    [InlineData("""{"objects":[{"oid":"@","actions":{"download":{"href":"file:///etc/passwd"}}}]}""", HttpStatusCode.BadGateway)]
    [InlineData("""{"objects":[{"oid":"@","actions":{"download":{"href":"http://user:secret@127.0.0.1/"}}}]}""", HttpStatusCode.BadGateway)]
    [InlineData("""{"objects":[{"oid":"@","actions":{"download":{"href":"http://127.0.0.1/","header":{"X\r\nY":"z"}}}}]}""", HttpStatusCode.BadGateway)]
    [InlineData("""{"objects":[{"oid":"@","actions":{"download":{"href":"http://127.0.0.1/","header":{"X":"y\r\nZ: w"}}}}]}""", HttpStatusCode.BadGateway)]
    [InlineData("""{"objects":[{"oid":"../x"}]}""", HttpStatusCode.BadGateway)]
    [InlineData("""{"transfer":"tus","objects":[]}""", HttpStatusCode.BadGateway)]
    [InlineData("""{"objects":[]}""", HttpStatusCode.OK)]
    public async Task A_malformed_answer_is_said_to_be_one(string answer, HttpStatusCode status)
    {
        var oid = LfsClient.Object("x").Oid;
        upstream.Batch = context => context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(answer.Replace("@", oid, StringComparison.Ordinal))).AsTask();
        await using var server = await StartAsync(allowsStorage: false);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));

        var batch = await client.BatchAsync("download", null, (oid, 1));

        Assert.Equal(status, batch.Status);
        Assert.Equal(LfsClient.Json, batch.Header("Content-Type"));
    }

    [Theory]
    [InlineData(401, HttpStatusCode.BadGateway)]
    [InlineData(403, HttpStatusCode.BadGateway)]
    [InlineData(404, HttpStatusCode.NotFound)]
    [InlineData(429, HttpStatusCode.ServiceUnavailable)]
    [InlineData(302, HttpStatusCode.BadGateway)]
    [InlineData(500, HttpStatusCode.BadGateway)]
    public async Task What_the_upstream_refuses_is_told_in_our_own_words(int refused, HttpStatusCode status)
    {
        upstream.Batch = context =>
        {
            context.Response.StatusCode = refused;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"theirs\"";
            context.Response.Headers.Location = upstream.Storage.ToString();
            return context.Response.Body.WriteAsync("their page"u8.ToArray()).AsTask();
        };
        await using var server = await StartAsync(allowsStorage: true);
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push"));

        var batch = await client.BatchAsync("download", null, (LfsClient.Object("x").Oid, 1));

        Assert.Equal(status, batch.Status);
        Assert.Null(batch.Header("WWW-Authenticate"));
        Assert.DoesNotContain("theirs", batch.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("their page", batch.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(upstream.Shown, entry => entry.Place == "storage");
    }

    [Fact]
    public async Task Locks_belong_to_people_though_the_upstream_knows_one_credential()
    {
        await using var server = await StartAsync(allowsStorage: false);
        using var alice = new LfsClient(server, server.Token("git:acme/app:pull,push", "alice"));
        using var bob = new LfsClient(server, server.Token("git:acme/app:pull,push", "bob"));
        Assert.Equal(HttpStatusCode.Created, (await alice.PostAsync("/locks", """{"path":"a","ref":{"name":"refs/heads/main"}}""")).Status);
        var locks = (await bob.PostAsync("/locks/verify", "{}")).Json;
        Assert.Equal((0, 1), (locks.GetProperty("ours").GetArrayLength(), locks.GetProperty("theirs").GetArrayLength()));
        Assert.DoesNotContain(upstream.Shown, entry => entry.Target.Contains("/locks", StringComparison.Ordinal));
    }

    private Task<GatewayServer> StartAsync(bool allowsStorage, bool isDirect = false) => GatewayServer.StartAsync(options => options with
    {
        Upstreams =
        [
            new UpstreamDefinition
            {
                Match = RepositoryPattern.Parse("acme/*"),
                Url = upstream.Api,
                Credential = Credential(options.RunDirectory),
                LfsStorage = allowsStorage ? [upstream.Storage] : [],
                SendsLfsDownloadsToStorage = isDirect,
            },
        ],
    });

    private static UpstreamCredentialDefinition Credential(string directory)
    {
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, "upstream-secret");
        File.WriteAllText(file, Secret);
        return new BearerCredentialDefinition(new SecretLocation(file, null));
    }
}
