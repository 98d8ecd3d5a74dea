using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Authority;

/// <summary>
/// What is taken back, is taken back: the next request is refused, and a clone that runs is cut. The figures are printed, and PORTCULLIS_FIGURES names a file that gets them
/// (bench/emergency.sh).
/// </summary>
public sealed class Emergency(ITestOutputHelper output) : IAsyncLifetime
{
    // Far more than sockets buffer, and nothing that could be packed smaller.
    private const int Megabytes = 24;

    // A server for each: one revokes the key that the other's tokens are signed with.
    private readonly AuthoritySite site = new();
    private readonly List<TimeSpan> _delays = [];
    private int _rounds;

    private PortcullisServer Server => site.Server;

    [Fact]
    public async Task Whatever_is_revoked_is_refused_on_the_next_request_and_its_running_clone_is_cut()
    {
        var repository = await LargeRepositoryAsync();
        using var alice = site.Alice();
        const string Scope = "git:*:pull";

        var token = await alice.TokenAsync(Scope);
        await RevokeAsync("revoke --token-id", repository, token, "revoke", "--token-id", Claim(token, "jti"));

        token = await alice.TokenAsync(Scope);
        await RevokeAsync("revoke --session", repository, token, "revoke", "--session", Claim(token, "sid"));

        // A child dies with its parent.
        token = await alice.TokenAsync(Scope);
        var child = await OAuthPerson.ChildTokenAsync(Server.Url, token, $"git:{repository}:pull");
        await RevokeAsync("revoke --token-id, of the parent", repository, child, "revoke", "--token-id", Claim(token, "jti"));

        token = await alice.TokenAsync(Scope);
        await RevokeAsync("revoke --subject", repository, token, "revoke", "--subject", "alice");

        token = await site.CiTokenAsync();
        await RevokeAsync("revoke --client", repository, token, "revoke", "--client", "ci");

        // All that is theirs, what was made of it included.
        await NextSecondAsync();
        using var again = site.Alice();
        token = await again.TokenAsync(Scope);
        child = await OAuthPerson.ChildTokenAsync(Server.Url, token, $"git:{repository}:pull");
        await RevokeAsync("user disable, a child token", repository, child, "user", "disable", "alice");
        Assert.Equal(401, await StatusAsync(token, repository));

        token = await Server.TokenAsync("somebody", "git:*:pull");
        await RevokeAsync("key revoke", repository, token, "key", "revoke", JsonDocument.Parse((await Server.CommandAsync("key", "list", "--json")).ShouldSucceed().Output).RootElement[0].GetProperty("keyId").GetString()!);
        var next = await Server.TokenAsync("somebody", "git:*:pull");
        Assert.Equal(200, await StatusAsync(next, repository));
        Assert.DoesNotContain(next, Server.Log);

        // A server looks into the database each half second (RevocationTests). Here the machine does much else, and the program has its share of it: what is found is one that does not look.
        _delays.Sort();
        Assert.True(_delays[_delays.Count / 2] < TimeSpan.FromSeconds(20), string.Join(", ", _delays));
    }

    [Fact]
    public async Task What_an_administrator_takes_back_on_a_node_is_refused_there_by_the_next_request()
    {
        var repository = await LargeRepositoryAsync();
        using var root = site.Root();
        using var alice = site.Alice();
        using var api = new HttpClient { BaseAddress = new Uri($"{Server.Url}/api/v1/") };
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await root.TokenAsync("portcullis:admin"));
        Task RevokeAsync(string kind, string value) => SayAsync(api, "revocations", new { kind, value });
        const string Scope = "git:*:pull";

        var token = await alice.TokenAsync(Scope);
        await TakeBackAsync(repository, token, () => RevokeAsync("tokenId", Claim(token, "jti")));
        token = await alice.TokenAsync(Scope);
        var child = await OAuthPerson.ChildTokenAsync(Server.Url, token, $"git:{repository}:pull");
        await TakeBackAsync(repository, child, () => RevokeAsync("session", Claim(token, "sid")));
        token = await site.CiTokenAsync();
        await TakeBackAsync(repository, token, () => RevokeAsync("client", "ci"));
        token = await alice.TokenAsync(Scope);
        await TakeBackAsync(repository, token, () => SayAsync(api, "users/alice/disable", null));
        token = await root.TokenAsync(Scope);
        await TakeBackAsync(repository, token, () => SayAsync(api, $"keys/{Kid(token)}/revoke", null));
    }

    [Fact]
    public async Task Rotating_keys_under_load_fails_no_clone_and_no_push()
    {
        var repository = await site.SeededRepositoryAsync();
        using var stop = new CancellationTokenSource();
        var workers = Enumerable.Range(0, 3).Select(number => Task.Run(() => WorkAsync(repository, number, stop.Token))).ToList();
        var signedBefore = Kid(await site.CiTokenAsync());
        for (var i = 0; i < 3; i++)
        {
            (await Server.CommandAsync("key", "rotate", "--now")).ShouldSucceed();
        }

        // Under the new key, too, something has to be cloned and pushed.
        var last = _rounds;
        while (_rounds < last + workers.Count && !workers.Exists(worker => worker.IsCompleted))
        {
            await Task.Delay(20);
        }

        await stop.CancelAsync();
        var rounds = await Task.WhenAll(workers);

        Assert.NotEqual(signedBefore, Kid(await site.CiTokenAsync()));
        Assert.All(rounds, count => Assert.True(count > 0));
        output.WriteLine($"{rounds.Sum()} rounds of clone and push during 3 rotations, none failed");
        Assert.DoesNotContain(Server.Audit.Read(), line => AuditTrail.Is(line, "repository", repository) && !AuditTrail.Is(line, "outcome", "allowed") && AuditTrail.Text(line, "reason") != "credential_missing");
    }

    private static async Task SayAsync(HttpClient api, string path, object? body)
    {
        using var answer = await api.PostAsync(path, body is null ? null : System.Net.Http.Json.JsonContent.Create(body));
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>A clone runs; something is said; with the answer the token is worth nothing, and the clone ends.</summary>
    private async Task TakeBackAsync(string repository, string token, Func<Task> say)
    {
        Assert.Equal(200, await StatusAsync(token, repository));
        await using var relay = new StallingRelay(Server.Uri, stallAfter: 1 << 20);
        var clone = site.NewGit().WithBearer(token).RunAsync(site.NewFolder(), "clone", "--quiet", $"{relay.Url}/{repository}.git", "clone");
        await Task.WhenAny(relay.Stalled, clone).WaitAsync(Eventually.Patience);
        Assert.False(clone.IsCompleted, clone.IsCompleted ? (await clone).Text : "");
        await say();
        Assert.Equal(401, await StatusAsync(token, repository));
        await relay.Cut.WaitAsync(Eventually.Patience);
        (await clone).ShouldFail();
    }

    /// <summary>Clones and pushes, each time with a token that was just issued and one from the round before. Gives the number of rounds.</summary>
    private async Task<int> WorkAsync(string repository, int number, CancellationToken stop)
    {
        var rounds = 0;
        var before = await site.CiTokenAsync();
        while (!stop.IsCancellationRequested)
        {
            var token = await site.CiTokenAsync();
            var work = site.NewFolder();
            var git = site.NewGit();
            (await git.WithBearer(before).RunAsync(work, "clone", "--quiet", $"{Server.Url}/{repository}.git", "clone")).ShouldSucceed();
            var clone = Path.Combine(work, "clone");
            await Site.CommitAsync(git, clone, $"w{number}-{rounds}.txt", $"{number} {rounds}\n");
            (await git.WithBearer(token).RunAsync(clone, "push", "--quiet", "origin", $"HEAD:refs/heads/w{number}/{rounds}")).ShouldSucceed();
            Directory.Delete(work, recursive: true);
            before = token;
            rounds++;
            Interlocked.Increment(ref _rounds);
        }

        return rounds;
    }

    private static string Kid(string token) => JsonDocument.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token.Split('.')[0])).RootElement.GetProperty("kid").GetString()!;

    public ValueTask InitializeAsync() => site.InitializeAsync();

    public ValueTask DisposeAsync() => site.DisposeAsync();

    private async Task RevokeAsync(string what, string repository, string token, params string[] command)
    {
        Assert.Equal(200, await StatusAsync(token, repository));
        await using var relay = new StallingRelay(Server.Uri, stallAfter: 1 << 20);
        var git = site.NewGit().WithBearer(token);
        var clone = git.RunAsync(site.NewFolder(), "clone", "--quiet", $"{relay.Url}/{repository}.git", "clone");
        await Task.WhenAny(relay.Stalled, clone).WaitAsync(Eventually.Patience);
        Assert.False(clone.IsCompleted, clone.IsCompleted ? (await clone).Text : "");

        var refused = WatchAsync(token, repository);
        var started = Stopwatch.GetTimestamp();
        (await Server.CommandAsync(command)).ShouldSucceed();
        var done = Stopwatch.GetTimestamp();
        var refusedAt = await refused;
        var cutAt = await relay.Cut.WaitAsync(Eventually.Patience);

        (await clone).ShouldFail();
        Assert.Equal(401, await StatusAsync(token, repository));
        var (refusal, cut) = (Stopwatch.GetElapsedTime(done, refusedAt), Stopwatch.GetElapsedTime(done, cutAt));
        var line = $"{what}: the command took {Stopwatch.GetElapsedTime(started, done).TotalMilliseconds:F0} ms; from its end to the first refusal {refusal.TotalMilliseconds:F0} ms, to the cut of the clone {cut.TotalMilliseconds:F0} ms";
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("PORTCULLIS_FIGURES") is { Length: > 0 } file)
        {
            await File.AppendAllTextAsync(file, line + "\n");
        }

        _delays.Add(refusal > cut ? refusal : cut);
    }

    /// <summary>When a request with the token was first refused.</summary>
    private async Task<long> WatchAsync(string token, string repository)
    {
        for (var deadline = Stopwatch.GetTimestamp() + (60 * Stopwatch.Frequency); Stopwatch.GetTimestamp() < deadline;)
        {
            if (await StatusAsync(token, repository) == 401)
            {
                return Stopwatch.GetTimestamp();
            }

            await Task.Delay(10);
        }

        throw new TimeoutException("The token is accepted still.");
    }

    private async Task<int> StatusAsync(string token, string repository)
    {
        using var http = new HttpClient { BaseAddress = Server.Uri };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.GetAsync($"/{repository}.git/info/refs?service=git-upload-pack");
        return (int)response.StatusCode;
    }

    private async Task<string> LargeRepositoryAsync()
    {
        var repository = site.NewRepositoryName();
        await site.CreateRepositoryAsync(repository);
        var git = site.NewGit();
        var work = site.NewFolder();
        await git.OutputAsync(work, "init", "--quiet", ".");
        await File.WriteAllBytesAsync(Path.Combine(work, "large"), RandomNumberGenerator.GetBytes(Megabytes << 20));
        await Site.CommitAsync(git, work, "small", "small\n");
        await git.OutputAsync(work, "add", "large");
        await git.OutputAsync(work, "commit", "--quiet", "-m", "Add what is large");
        (await git.WithBearer(await site.CiTokenAsync()).RunAsync(work, "push", "--quiet", $"{Server.Url}/{repository}.git", "main")).ShouldSucceed();
        return repository;
    }

    // What was revoked of a subject meets all that was issued up to that second, its end included.
    private static async Task NextSecondAsync()
    {
        var second = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Eventually.UntilAsync(() => DateTimeOffset.UtcNow.ToUnixTimeSeconds() > second, () => "the clock stands still");
    }

    private static string Claim(string token, string name) => OAuthPerson.Claims(token).GetProperty(name).GetString()!;
}
