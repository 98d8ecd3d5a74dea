using System.Net;
using Portcullis.Tests.Gateway.Live;
using Portcullis.Tests.Git;

namespace Portcullis.Tests.Gateway.Lfs;

/// <summary>
/// A caller who may pull only some refs: an object's name is no secret, so it opens nothing by itself, tells nothing of what is there, and can't be made to open anything by a
/// pointer that somebody plants.
/// </summary>
public sealed class LfsVisibilityTests : IAsyncLifetime
{
    private const string Owner = "git:acme/app:pull,push,force,delete";
    private const string Reader = "git:acme/app@refs/heads/main:pull";
    private const string Agent = "git:acme/app@refs/heads/main:pull git:acme/app@refs/heads/agent/*:pull,push,force";

    private readonly string work = Directory.CreateTempSubdirectory("portcullis-work-").FullName;
    private readonly (string Oid, byte[] Content) open = LfsClient.Object("what everybody may have");
    private readonly (string Oid, byte[] Content) secret = LfsClient.Object("what only the owner may have");
    private GatewayServer server = null!;
    private string clone = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        await server.CreateRepositoryAsync("acme/app");
        clone = Path.Combine(work, "owner");
        GitProgram.RunText(null, "init", "-q", "-b", "main", clone);
        CommitPointer(clone, "open.bin", open);
        GitProgram.RunText(clone, "checkout", "-q", "-b", "secret");
        CommitPointer(clone, "secret.bin", secret);
        using var owner = Client(Owner, "owner");
        Assert.Equal(HttpStatusCode.OK, (await owner.UploadAsync("refs/heads/main", open)).Status);
        Assert.Equal(HttpStatusCode.OK, (await owner.UploadAsync("refs/heads/secret", secret)).Status);
        Assert.Equal(0, server.Git(server.Token(Owner, "owner"), clone, "push", "-q", server.Url("acme/app.git"), "main", "secret").ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(work, recursive: true);
    }

    [Fact]
    public async Task Only_what_a_visible_ref_points_to_can_be_fetched()
    {
        using var reader = Client(Reader, "reader");
        Assert.Equal(open.Content, (await reader.DownloadAsync(open.Oid, open.Content.Length)).Bytes);

        var hidden = await reader.BatchAsync("download", "refs/heads/secret", (secret.Oid, secret.Content.Length));
        var missing = await reader.BatchAsync("download", "refs/heads/secret", (new string('0', 64), secret.Content.Length));
        Assert.Equal(404, hidden.ErrorCode);
        Assert.Equal(missing.Text.Replace(new string('0', 64), secret.Oid, StringComparison.Ordinal), hidden.Text);

        // Neither another size nor the other way of asking tells of it.
        Assert.Equal(404, (await reader.BatchAsync("download", null, (secret.Oid, 1))).ErrorCode);
        using var owner = Client(Owner, "owner");
        Assert.Equal(secret.Content, (await owner.DownloadAsync(secret.Oid, secret.Content.Length)).Bytes);
    }

    [Fact]
    public async Task What_is_merged_can_be_fetched_and_what_is_taken_away_can_not()
    {
        using var reader = Client(Reader, "reader");
        var owner = server.Token(Owner, "owner");
        Assert.Equal(0, server.Git(owner, clone, "push", "-q", server.Url("acme/app.git"), "secret:main").ExitCode);
        Assert.Equal(secret.Content, (await reader.DownloadAsync(secret.Oid, secret.Content.Length)).Bytes);

        Assert.Equal(0, server.Git(owner, clone, "push", "-q", "-f", server.Url("acme/app.git"), "main:main").ExitCode);
        Assert.Equal(404, (await reader.BatchAsync("download", null, (secret.Oid, secret.Content.Length))).ErrorCode);
    }

    [Fact]
    public async Task An_upload_tells_nothing_of_what_is_there()
    {
        using var agent = Client(Agent, "agent");
        Assert.Null((await agent.BatchAsync("upload", "refs/heads/agent/x", (open.Oid, open.Content.Length))).Action("upload"));

        // Hidden, missing and hidden with another size: each is to be brought.
        foreach (var (oid, size) in ((string, long)[])[(secret.Oid, secret.Content.Length), (secret.Oid, 1), (new string('0', 64), 5)])
        {
            var batch = await agent.BatchAsync("upload", "refs/heads/agent/x", (oid, size));
            Assert.NotNull(batch.Action("upload"));
            var verified = await agent.FollowAsync(HttpMethod.Post, batch.Action("verify")!.Value, LfsClient.Body($$"""{"oid":"{{oid}}","size":{{size}}}"""));
            Assert.Equal(HttpStatusCode.NotFound, verified.Status);
        }

        // And whoever has it may bring it, and has it then.
        Assert.Equal(HttpStatusCode.OK, (await agent.UploadAsync("refs/heads/agent/x", secret)).Status);
        Assert.Null((await agent.BatchAsync("upload", "refs/heads/agent/x", (secret.Oid, secret.Content.Length))).Action("upload"));
        using var other = Client(Agent, "another");
        Assert.NotNull((await other.BatchAsync("upload", "refs/heads/agent/x", (secret.Oid, secret.Content.Length))).Action("upload"));
    }

    [Fact]
    public async Task A_planted_pointer_opens_nothing()
    {
        // Attack: push a pointer to an object whose name is known to a branch of one's own, and fetch the object through it.
        var agent = server.Token(Agent, "agent");
        var attack = Path.Combine(work, "attack");
        Assert.Equal(0, server.Git(agent, null, "clone", "-q", server.Url("acme/app.git"), attack).ExitCode);
        CommitPointer(attack, "planted.bin", secret);

        var (exitCode, _, error) = server.Git(agent, attack, "push", server.Url("acme/app.git"), "HEAD:refs/heads/agent/x");

        Assert.NotEqual(0, exitCode);
        Assert.Contains("Git LFS objects that you have not uploaded", error, StringComparison.Ordinal);
        using var client = Client(Agent, "agent");
        Assert.Equal(404, (await client.BatchAsync("download", null, (secret.Oid, secret.Content.Length))).ErrorCode);
        Assert.Contains((await server.AuditAsync()).Select(entry => entry.Record), record => record is { Operation: "push", Reason: "lfs_object_not_held" });
    }

    [Fact]
    public async Task A_pointer_to_an_object_that_nobody_has_brought_yet_is_not_planted_either()
    {
        // Attack: plant it now, and wait until the object comes.
        var agent = server.Token(Agent, "agent");
        var attack = Path.Combine(work, "attack");
        server.Git(agent, null, "clone", "-q", server.Url("acme/app.git"), attack);
        CommitPointer(attack, "planted.bin", LfsClient.Object("what will come"));
        Assert.NotEqual(0, server.Git(agent, attack, "push", server.Url("acme/app.git"), "HEAD:refs/heads/agent/x").ExitCode);
    }

    [Fact]
    public async Task Who_has_brought_an_object_may_push_a_pointer_to_it_and_so_may_who_sees_one()
    {
        var agent = server.Token(Agent, "agent");
        using var client = Client(Agent, "agent");
        var own = LfsClient.Object("the agent's own");
        Assert.Equal(HttpStatusCode.OK, (await client.UploadAsync("refs/heads/agent/x", own)).Status);
        var honest = Path.Combine(work, "honest");
        server.Git(agent, null, "clone", "-q", server.Url("acme/app.git"), honest);
        CommitPointer(honest, "own.bin", own);
        CommitPointer(honest, "copy-of-open.bin", open, size: 7);

        var (exitCode, _, error) = server.Git(agent, honest, "push", server.Url("acme/app.git"), "HEAD:refs/heads/agent/x");

        Assert.True(exitCode == 0, error);
        Assert.Equal(own.Content, (await client.DownloadAsync(own.Oid, own.Content.Length)).Bytes);
        using var reader = Client(Reader, "reader");
        Assert.Equal(404, (await reader.BatchAsync("download", null, (own.Oid, own.Content.Length))).ErrorCode);
    }

    private static void CommitPointer(string repository, string file, (string Oid, byte[] Content) pointed, long? size = null)
    {
        File.WriteAllText(Path.Combine(repository, file), LfsClient.Pointer(pointed.Oid, size ?? pointed.Content.Length));
        GitProgram.RunText(repository, "add", file);
        GitProgram.RunText(repository, "commit", "-q", "-m", file);
    }

    private LfsClient Client(string scope, string subject) => new(server, server.Token(scope, subject));
}
