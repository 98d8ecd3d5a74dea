using System.Net;
using System.Text.Json;
using Portcullis.Tests.Gateway.Live;

namespace Portcullis.Tests.Gateway.Lfs;

/// <summary>Locks: whose they are, who may see them, and who may take them away.</summary>
public sealed class LfsLockTests : IAsyncLifetime
{
    private const string Everything = "git:acme/app:pull,push,force";

    private GatewayServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await GatewayServer.StartAsync();
        await server.CreateRepositoryAsync("acme/app");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_file_is_locked_once_and_by_its_tokens_subject()
    {
        using var alice = Client(Everything, "alice");
        using var bob = Client(Everything, "bob");

        var made = await LockAsync(alice, "art/hero.psd");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        var held = made.Json.GetProperty("lock");
        Assert.Equal(("art/hero.psd", "alice"), (held.GetProperty("path").GetString(), held.GetProperty("owner").GetProperty("name").GetString()));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", held.GetProperty("locked_at").GetString());

        foreach (var client in (LfsClient[])[bob, alice])
        {
            var taken = await LockAsync(client, "art/hero.psd");
            Assert.Equal((HttpStatusCode.Conflict, held.GetRawText()), (taken.Status, taken.Json.GetProperty("lock").GetRawText()));
            Assert.Contains("alice", taken.Message, StringComparison.Ordinal);
        }

        var verified = (await bob.PostAsync("/locks/verify", """{"ref":{"name":"refs/heads/main"}}""")).Json;
        Assert.Equal((0, 1), (verified.GetProperty("ours").GetArrayLength(), verified.GetProperty("theirs").GetArrayLength()));
        verified = (await alice.PostAsync("/locks/verify", """{"ref":{"name":"refs/heads/main"}}""")).Json;
        Assert.Equal((1, 0), (verified.GetProperty("ours").GetArrayLength(), verified.GetProperty("theirs").GetArrayLength()));
    }

    [Fact]
    public async Task The_same_subject_of_another_issuer_is_somebody_else()
    {
        // The owner's issuer is kept beside the subject: a second issuer that names an alice gets none of her locks.
        using var alice = Client(Everything, "alice");
        await LockAsync(alice, "a");
        var file = Directory.GetFiles(server.Folder, "locks.json", SearchOption.AllDirectories).Single();
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace(GatewayServer.Audience, "https://elsewhere", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        var verified = (await alice.PostAsync("/locks/verify", "{}")).Json;
        Assert.Equal((0, 1), (verified.GetProperty("ours").GetArrayLength(), verified.GetProperty("theirs").GetArrayLength()));
    }

    [Fact]
    public async Task A_lock_is_taken_away_by_its_owner_or_by_force()
    {
        using var alice = Client(Everything, "alice");
        using var bob = Client("git:acme/app:pull,push", "bob");
        using var carol = Client("git:acme/app:pull git:acme/app@refs/heads/main:push,force", "carol");
        var id = await IdOfAsync(LockAsync(alice, "a"));

        Assert.Equal(HttpStatusCode.Forbidden, (await UnlockAsync(bob, id)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await UnlockAsync(carol, id)).Status);
        var refused = await UnlockAsync(bob, id, force: true);
        Assert.Equal(HttpStatusCode.Forbidden, refused.Status);
        Assert.Contains("git:acme/app@refs/heads/main:force", refused.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await UnlockAsync(carol, id, force: true)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UnlockAsync(alice, id)).Status);

        var other = await IdOfAsync(LockAsync(alice, "a", "refs/heads/topic"));
        Assert.Equal(HttpStatusCode.Forbidden, (await UnlockAsync(carol, other, force: true)).Status);
        Assert.Equal(HttpStatusCode.OK, (await UnlockAsync(alice, other)).Status);
        Assert.Equal("""{"locks":[]}""", (await alice.GetAsync("/locks")).Text);
    }

    [Fact]
    public async Task A_lock_for_a_ref_that_may_not_be_seen_is_not_shown_and_not_taken_away()
    {
        using var alice = Client(Everything, "alice");
        using var bob = Client("git:acme/app@refs/heads/main:pull,push,force", "bob");
        var id = await IdOfAsync(LockAsync(alice, "secret/plan.psd", "refs/heads/secret"));
        var unnamed = await IdOfAsync(LockAsync(alice, "secret/other.psd", null));

        Assert.Equal("""{"locks":[]}""", (await bob.GetAsync("/locks")).Text);
        Assert.Equal("""{"locks":[]}""", (await bob.GetAsync("/locks?id=" + id)).Text);
        Assert.Equal("""{"ours":[],"theirs":[]}""", (await bob.PostAsync("/locks/verify", "{}")).Text);
        var hidden = await UnlockAsync(bob, id, force: true);
        var missing = await UnlockAsync(bob, new string('0', 32), force: true);
        Assert.Equal((HttpStatusCode.NotFound, missing.Message), (hidden.Status, hidden.Message));
        Assert.Equal(HttpStatusCode.NotFound, (await UnlockAsync(bob, unnamed, force: true)).Status);

        var taken = await LockAsync(bob, "secret/plan.psd");
        Assert.Equal(HttpStatusCode.Conflict, taken.Status);
        Assert.False(taken.Json.TryGetProperty("lock", out _));
        Assert.DoesNotContain("alice", taken.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("git:acme/app:pull", 403)]
    [InlineData("git:acme/app:pull git:acme/app@refs/heads/topic:push", 403)]
    [InlineData("git:acme/app@refs/heads/main:push", 201)]
    [InlineData("git:acme/other:push", 404)]
    public async Task To_lock_takes_a_push_to_the_ref(string scope, int status)
    {
        using var client = Client(scope, "alice");
        Assert.Equal(status, (int)(await LockAsync(client, "a")).Status);
    }

    [Theory]
    [InlineData("git:acme/app:push", "refs/heads/main", 200)]
    [InlineData("git:acme/app:pull", "refs/heads/main", 403)]
    [InlineData("git:acme/app@refs/heads/topic:push", "refs/heads/main", 403)]
    public async Task To_verify_locks_takes_a_push(string scope, string reference, int status)
    {
        using var client = Client(scope, "alice");
        Assert.Equal(status, (int)(await client.PostAsync("/locks/verify", JsonSerializer.Serialize(new { @ref = new { name = reference } }))).Status);
    }

    [Fact]
    public async Task Locks_come_in_pages_newest_first()
    {
        using var client = Client(Everything, "alice");
        for (var number = 0; number < 7; number++)
        {
            await LockAsync(client, $"file{number}");
        }

        List<string> seen = [];
        string? cursor = null;
        do
        {
            var page = (await client.GetAsync("/locks?limit=3" + (cursor is null ? "" : "&cursor=" + cursor))).Json;
            seen.AddRange(page.GetProperty("locks").EnumerateArray().Select(held => held.GetProperty("path").GetString()!));
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        }
        while (cursor is not null);
        Assert.Equal(Enumerable.Range(0, 7).Reverse().Select(number => $"file{number}"), seen);
        Assert.Equal("file3", (await client.GetAsync("/locks?path=file3")).Json.GetProperty("locks")[0].GetProperty("path").GetString());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await client.GetAsync("/locks?cursor=99")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/locks?limit=-1")).Status);
    }

    [Fact]
    public async Task Of_many_who_lock_a_file_at_once_one_gets_it()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(async number =>
        {
            using var client = Client(Everything, "user" + number);
            return (await LockAsync(client, "art/hero.psd")).Status;
        }));
        Assert.Single(answers, HttpStatusCode.Created);
        Assert.Equal(9, answers.Count(status => status == HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Locking_and_unlocking_is_recorded_with_file_and_ref()
    {
        using var alice = Client(Everything, "alice");
        await UnlockAsync(alice, await IdOfAsync(LockAsync(alice, "art/hero.psd")));
        var records = (await server.AuditAsync()).Select(entry => entry.Record).Where(record => record.Event == "request").ToList();
        Assert.Equal(["lfs-lock", "lfs-unlock"], records.Select(record => record.Operation));
        Assert.All(records, record => Assert.Equal(("art/hero.psd", "refs/heads/main"), (record.Path, record.Refs!.Single().Name)));
    }

    private static Task<Answer> LockAsync(LfsClient client, string path, string? reference = "refs/heads/main") =>
        client.PostAsync("/locks", JsonSerializer.Serialize(new { path, @ref = reference is null ? null : new { name = reference } }));

    private static Task<Answer> UnlockAsync(LfsClient client, string id, bool force = false) =>
        client.PostAsync($"/locks/{id}/unlock", JsonSerializer.Serialize(new { force, @ref = new { name = "refs/heads/main" } }));

    private static async Task<string> IdOfAsync(Task<Answer> made) => (await made).Json.GetProperty("lock").GetProperty("id").GetString()!;

    private LfsClient Client(string scope, string subject) => new(server, server.Token(scope, subject));
}
