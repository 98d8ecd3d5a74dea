using System.Net;
using Portcullis.Access.Policies;
using Portcullis.Tests.Gateway.Live;
using Portcullis.Tokens.Revocation;

namespace Portcullis.Tests.Gateway.Lfs;

/// <summary>Batches and transfers over plain HTTP: what is stored, what is refused, and what a credential opens.</summary>
public sealed class LfsTransferTests : IAsyncLifetime
{
    private GatewayServer server = null!;
    private string folder = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync(options => options with { MaxLfsObjectBytes = 100_000 });
        folder = Path.Combine(await server.CreateRepositoryAsync("acme/app"), "lfs");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task An_object_is_brought_verified_and_fetched()
    {
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object("the content of a large file");
        var size = brought.Content.Length;
        Assert.Equal(404, (await client.BatchAsync("download", null, (brought.Oid, size))).ErrorCode);

        var batch = await client.BatchAsync("upload", "refs/heads/main", (brought.Oid, size));
        Assert.Equal(LfsClient.Json, batch.Header("Content-Type"));
        Assert.Equal(HttpStatusCode.NotFound, (await VerifyAsync(client, batch, brought.Oid, size)).Status);
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(batch.Action("upload")!.Value, brought.Content)).Status);
        Assert.Equal(HttpStatusCode.OK, (await VerifyAsync(client, batch, brought.Oid, size)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await VerifyAsync(client, batch, brought.Oid, size + 1)).Status);

        var fetched = await client.DownloadAsync(brought.Oid, size);
        Assert.Equal(brought.Content, fetched.Bytes);
        Assert.Equal("bytes", fetched.Header("Accept-Ranges"));
        Assert.Null((await client.BatchAsync("upload", "refs/heads/main", (brought.Oid, size))).Action("upload"));
        Assert.Equal(422, (await client.BatchAsync("download", null, (brought.Oid, size + 1))).ErrorCode);
        Assert.Equal([Path.Combine(folder, "objects", brought.Oid[..2], brought.Oid[2..4], brought.Oid)], Directory.GetFiles(Path.Combine(folder, "objects"), "*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "incoming")));
    }

    [Fact]
    public async Task A_broken_off_download_goes_on_where_it_ended()
    {
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object(Enumerable.Range(0, 90_000).Select(number => (byte)number).ToArray());
        await client.UploadAsync(null, brought);
        var action = (await client.BatchAsync("download", null, (brought.Oid, 90_000))).Action("download")!.Value;

        foreach (var (range, from, to) in ((string, int, int)[])[("bytes=70000-89999", 70_000, 89_999), ("bytes=70000-", 70_000, 89_999), ("bytes=-5", 89_995, 89_999), ("bytes=0-0", 0, 0), ("bytes=10-999999", 10, 89_999)])
        {
            var part = await client.FollowAsync(HttpMethod.Get, action, headers: ("Range", range));
            Assert.Equal(HttpStatusCode.PartialContent, part.Status);
            Assert.Equal($"bytes {from}-{to}/90000", part.Header("Content-Range"));
            Assert.Equal(brought.Content[from..(to + 1)], part.Bytes);
        }

        var beyond = await client.FollowAsync(HttpMethod.Get, action, headers: ("Range", "bytes=90000-"));
        Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, "bytes */90000"), (beyond.Status, beyond.Header("Content-Range")));
        foreach (var ignored in (string[])["bytes=5-1", "bytes=0-1,5-6", "items=0-1", "bytes=a-b", "bytes=-", "bytes=18446744073709551616-"])
        {
            Assert.Equal(90_000, (await client.FollowAsync(HttpMethod.Get, action, headers: ("Range", ignored))).Bytes.Length);
        }
    }

    [Fact]
    public async Task What_is_not_what_its_name_says_is_not_kept()
    {
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object("the content of a large file");
        var size = brought.Content.Length;
        var upload = (await client.BatchAsync("upload", null, (brought.Oid, size))).Action("upload")!.Value;

        var corrupted = brought.Content.ToArray();
        corrupted[3] ^= 1;
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PutAsync(upload, corrupted)).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PutAsync(upload, brought.Content[..^1])).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PutAsync(upload, [.. brought.Content, 0])).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PutAsync(upload, [])).Status);
        foreach (var chunked in (byte[][])[[.. brought.Content, 0], brought.Content[..^1], corrupted])
        {
            var content = new StreamContent(new MemoryStream(chunked));
            var request = new HttpRequestMessage(HttpMethod.Put, new Uri(upload.GetProperty("href").GetString()!).PathAndQuery) { Content = content };
            request.Headers.TransferEncodingChunked = true;
            request.Headers.Add("Portcullis-Transfer", upload.GetProperty("header").GetProperty("Portcullis-Transfer").GetString());
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.SendAsync(request)).Status);
        }

        Assert.Equal(404, (await client.BatchAsync("download", null, (brought.Oid, size))).ErrorCode);
        Assert.Empty(Directory.GetFiles(folder, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task An_object_that_is_there_suffers_nothing_from_a_wrong_upload()
    {
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object("the content of a large file");
        var upload = (await client.BatchAsync("upload", null, (brought.Oid, brought.Content.Length))).Action("upload")!.Value;
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(upload, brought.Content)).Status);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PutAsync(upload, new byte[brought.Content.Length])).Status);
        Assert.Equal(HttpStatusCode.OK, (await client.PutAsync(upload, brought.Content)).Status);

        Assert.Equal(brought.Content, (await client.DownloadAsync(brought.Oid, brought.Content.Length)).Bytes);
    }

    [Fact]
    public async Task Two_who_bring_the_same_object_at_once_both_succeed()
    {
        var brought = LfsClient.Object(new byte[80_000]);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async number =>
        {
            using var client = Client("git:acme/app:pull,push", "user" + number);
            Assert.Contains((await client.UploadAsync(null, brought)).Status, (HttpStatusCode[])[HttpStatusCode.OK]);
        }));
        using var reader = Client("git:acme/app:pull");
        Assert.Equal(brought.Content, (await reader.DownloadAsync(brought.Oid, 80_000)).Bytes);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "incoming")));
    }

    [Fact]
    public async Task A_credential_opens_one_object_one_way_in_one_repository()
    {
        await server.CreateRepositoryAsync("acme/other");
        using var client = Client("git:acme/*:pull,push");
        var (one, other) = (LfsClient.Object("one"), LfsClient.Object("two"));
        await client.UploadAsync(null, one);
        await client.UploadAsync(null, other);
        var download = (await client.BatchAsync("download", null, (one.Oid, 3))).Action("download")!.Value;
        var third = LfsClient.Object("new");
        var upload = (await client.BatchAsync("upload", null, (third.Oid, 3))).Action("upload")!.Value;

        async Task RefusedAsync(Task<Answer> answer)
        {
            var refused = await answer;
            Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
            Assert.Null(refused.Header("WWW-Authenticate"));
        }

        await RefusedAsync(client.FollowAsync(HttpMethod.Get, download, path: $"/acme/app.git/info/lfs/objects/{other.Oid}"));
        await RefusedAsync(client.FollowAsync(HttpMethod.Get, download, path: $"/acme/other.git/info/lfs/objects/{one.Oid}"));
        await RefusedAsync(client.FollowAsync(HttpMethod.Put, download, new ByteArrayContent(one.Content)));
        await RefusedAsync(client.FollowAsync(HttpMethod.Post, download, LfsClient.Body("{}"), new Uri(download.GetProperty("href").GetString()!).AbsolutePath + "/verify"));
        await RefusedAsync(client.FollowAsync(HttpMethod.Get, upload));
        await RefusedAsync(client.GetAsync($"/objects/{one.Oid}"));
        await RefusedAsync(client.SendAsync(new HttpRequestMessage(HttpMethod.Get, client.Api + "/objects/" + one.Oid)
        {
            Headers = { { "Portcullis-Transfer", server.Token("git:acme/*:pull,push") } },
        }));
        Assert.Equal(HttpStatusCode.OK, (await client.FollowAsync(HttpMethod.Get, download)).Status);
    }

    [Fact]
    public async Task A_transfers_credential_opens_nothing_of_Git_and_no_batch()
    {
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object("one");
        await client.UploadAsync(null, brought);
        var action = (await client.BatchAsync("download", null, (brought.Oid, 3))).Action("download")!.Value;
        var credential = action.GetProperty("header").GetProperty("Portcullis-Transfer").GetString()!;

        using var thief = new LfsClient(server, credential);
        Assert.Equal(HttpStatusCode.Unauthorized, (await thief.BatchAsync("download", null, (brought.Oid, 3))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await thief.SendAsync(new(HttpMethod.Get, "/acme/app.git/info/refs?service=git-upload-pack"))).Status);
        using var nobody = new LfsClient(server, null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.SendAsync(new(HttpMethod.Get, "/acme/app.git/info/refs?service=git-upload-pack") { Headers = { { "Portcullis-Transfer", credential } } })).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.SendAsync(new(HttpMethod.Get, nobody.Api + "/locks") { Headers = { { "Portcullis-Transfer", credential } } })).Status);
    }

    [Fact]
    public async Task A_header_that_git_lfs_adds_to_every_request_changes_nothing()
    {
        // http.extraHeader: git-lfs sends it beside the headers of the action, and the token in it may have expired.
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object("one");
        await client.UploadAsync(null, brought);
        var action = (await client.BatchAsync("download", null, (brought.Oid, 3))).Action("download")!.Value;
        using var stale = new LfsClient(server, "an.expired.token");
        Assert.Equal("one", (await stale.FollowAsync(HttpMethod.Get, action)).Text);
    }

    [Theory]
    [InlineData(RevocationKind.Subject, "alice")]
    [InlineData(RevocationKind.Session, "login-7")]
    public async Task A_revocation_closes_what_a_credential_opened(RevocationKind kind, string value)
    {
        using var client = new LfsClient(server, server.Token("git:acme/app:pull,push", change: request => request with { SessionId = "login-7" }));
        var brought = LfsClient.Object("one");
        await client.UploadAsync(null, brought);
        var action = (await client.BatchAsync("download", null, (brought.Oid, 3))).Action("download")!.Value;
        Assert.Equal(HttpStatusCode.OK, (await client.FollowAsync(HttpMethod.Get, action)).Status);

        server.Revocations.TryAdd(new RevocationEntry { Kind = kind, Value = value, ExpiresAt = DateTimeOffset.UtcNow.AddHours(3) });

        Assert.Equal(HttpStatusCode.Forbidden, (await client.FollowAsync(HttpMethod.Get, action)).Status);
    }

    [Fact]
    public async Task A_rule_that_comes_meanwhile_closes_it_too()
    {
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object("one");
        await client.UploadAsync(null, brought);
        var action = (await client.BatchAsync("download", null, (brought.Oid, 3))).Action("download")!.Value;

        server.Current = AccessPolicy.Compile(
            new PolicyDefinition { Rules = [new RuleDefinition([new PolicyText("acme/*", default)], [], [new PolicyText("pull", default)], default)] }, out _)!;

        Assert.Equal(HttpStatusCode.NotFound, (await client.FollowAsync(HttpMethod.Get, action)).Status);
    }

    [Theory]
    [InlineData("git:acme/app@refs/heads/alice/*:push", "refs/heads/main", 403)]
    [InlineData("git:acme/app@refs/heads/alice/*:push", "refs/heads/alice/x", 200)]
    [InlineData("git:acme/app@refs/heads/alice/*:push", null, 200)]
    [InlineData("git:acme/app@refs/heads/alice/*:force", "refs/heads/alice/x", 200)]
    [InlineData("git:acme/app@refs/tags/*:update", "refs/tags/v1", 403)]
    [InlineData("git:acme/app@refs/tags/*:create", "refs/tags/v1", 200)]
    [InlineData("git:acme/app:pull", "refs/heads/main", 403)]
    [InlineData("git:acme/app:pull", null, 403)]
    [InlineData("git:acme/app:pull,delete", null, 403)]
    [InlineData("git:acme/other:pull,push", null, 404)]
    [InlineData("git:acme/app:push", "main", 422)]
    [InlineData("git:acme/app:push", "refs/heads/../x", 422)]
    public async Task Bringing_objects_needs_a_push_to_the_ref_that_is_named(string scope, string? reference, int status)
    {
        using var client = Client(scope);
        var answer = await client.BatchAsync("upload", reference, (LfsClient.Object("x").Oid, 1));
        Assert.Equal(status, (int)answer.Status);
        if (status != 200)
        {
            Assert.Equal(LfsClient.Json, answer.Header("Content-Type"));
            Assert.NotEmpty(answer.Message);
            Assert.Matches("^[0-9a-f]{32}$", answer.Json.GetProperty("request_id").GetString());
        }
    }

    [Theory]
    [InlineData("git:acme/app:push", 403)]
    [InlineData("git:acme/other:pull", 404)]
    [InlineData("git:acme/app:pull", 200)]
    public async Task Fetching_objects_needs_a_pull(string scope, int status)
    {
        using var client = Client(scope);
        Assert.Equal(status, (int)(await client.BatchAsync("download", "refs/heads/main", (LfsClient.Object("x").Oid, 1))).Status);
    }

    [Fact]
    public async Task Without_a_credential_the_answer_is_a_challenge_that_git_lfs_reads()
    {
        using var nobody = new LfsClient(server, null);
        var answer = await nobody.BatchAsync("download", null, (LfsClient.Object("x").Oid, 1));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.StartsWith("Basic realm=", answer.Header("LFS-Authenticate"), StringComparison.Ordinal);
        Assert.StartsWith("Basic realm=", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.Contains("signed token", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_large_objects_are_refused_before_they_are_sent()
    {
        using var client = Client("git:acme/app:push");
        Assert.Equal(413, (await client.BatchAsync("upload", null, (LfsClient.Object("x").Oid, 100_001))).ErrorCode);
        Assert.Equal(413, (await client.BatchAsync("upload", null, (LfsClient.Object("x").Oid, long.MaxValue))).ErrorCode);
    }

    [Fact]
    public async Task Hostile_bodies_are_refused_in_the_form_of_the_API()
    {
        using var client = Client("git:acme/app:pull,push");
        var one = $$"""{"oid":"{{LfsClient.Object("x").Oid}}","size":1}""";
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await client.PostAsync("/objects/batch", $$"""{"operation":"download","objects":[{{string.Join(',', Enumerable.Repeat(one, 100_000))}}]}""")).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await client.PostAsync("/objects/batch", $$"""{"operation":"download","objects":[{{string.Join(',', Enumerable.Repeat(one, 1001))}}]}""")).Status);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.PostAsync("/objects/batch", "not json")).Status);
        Assert.Equal(HttpStatusCode.Conflict, (await client.PostAsync("/objects/batch", $$"""{"operation":"download","hash_algo":"sha1","objects":[{{one}}]}""")).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await client.PostAsync("/locks", $$"""{"path":"{{new string('a', 20_000)}}"}""")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.GetAsync("/objects/batch")).Status);
        var compressed = new HttpRequestMessage(HttpMethod.Post, client.Api + "/objects/batch") { Content = LfsClient.Body("{}") };
        compressed.Content.Headers.ContentEncoding.Add("gzip");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await client.SendAsync(compressed)).Status);
        Assert.Empty(Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : []);
    }

    [Fact]
    public async Task Every_request_leaves_one_record_that_names_its_object()
    {
        using var client = Client("git:acme/app:pull,push");
        var brought = LfsClient.Object("one");
        await client.UploadAsync("refs/heads/main", brought);
        await client.DownloadAsync(brought.Oid, 3);
        using var reader = Client("git:acme/app:pull", "bob");
        await reader.BatchAsync("upload", "refs/heads/main", (brought.Oid, 3));

        var records = (await server.AuditAsync()).Select(entry => entry.Record).Where(record => record.Event == "request").ToList();
        Assert.Equal(["lfs-batch-upload", "lfs-upload", "lfs-batch-download", "lfs-download", "lfs-batch-upload"], records.Select(record => record.Operation));
        Assert.Equal([null, brought.Oid, null, brought.Oid, null], records.Select(record => record.Object));
        Assert.Equal(["alice", "alice", "alice", "alice", "bob"], records.Select(record => record.Subject));
        Assert.Single(records.Take(4).Select(record => record.TokenId).Distinct());
        Assert.Equal(("refs/heads/main", "create", "Allowed"), (records[0].Refs!.Single().Name, records[0].Refs!.Single().Change, records[0].Outcome.ToString()));
        Assert.Equal(("Refused", "no_permission_for_action", 403), (records[4].Outcome.ToString(), records[4].Reason, records[4].Status));
        Assert.Equal(3, records[1].BytesIn);
        Assert.Equal(3, records[3].BytesOut);
    }

    [Fact]
    public async Task A_repository_that_may_be_made_is_made_by_its_first_object()
    {
        using var client = new LfsClient(server, server.Token("git:acme/new:pull,push,init"), "acme/new");
        var brought = LfsClient.Object("one");
        Assert.Equal(HttpStatusCode.NotFound, (await client.BatchAsync("download", null, (brought.Oid, 3))).Status);
        Assert.Equal("""{"ours":[],"theirs":[]}""", (await client.PostAsync("/locks/verify", "{}")).Text);

        Assert.Equal(HttpStatusCode.OK, (await client.UploadAsync("refs/heads/main", brought)).Status);

        Assert.Equal("one", (await client.DownloadAsync(brought.Oid, 3)).Text);
        using var other = new LfsClient(server, server.Token("git:acme/newer:pull,push"), "acme/newer");
        Assert.Equal(HttpStatusCode.NotFound, (await other.BatchAsync("upload", null, (brought.Oid, 3))).Status);
    }

    private static Task<Answer> VerifyAsync(LfsClient client, Answer batch, string oid, long size) =>
        client.FollowAsync(HttpMethod.Post, batch.Action("verify")!.Value, LfsClient.Body($$"""{"oid":"{{oid}}","size":{{size}}}"""));

    private LfsClient Client(string scope, string subject = "alice") => new(server, server.Token(scope, subject));
}
