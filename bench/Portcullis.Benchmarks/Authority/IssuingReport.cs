using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Portcullis.Tokens;

namespace Portcullis.Benchmarks.Authority;

/// <summary>
/// How many tokens a second the token endpoint issues, and what verifying costs meanwhile. Clients and server are one process, so that its processor time counts both: the rate is a lower bound for
/// a server that has the machine to itself. <c>issuing</c> as the first argument, then <c>--seconds N</c> and <c>--database CONNECTION</c>.
/// </summary>
internal static class IssuingReport
{
    private const int Workers = 16;

    // Past the first tiers of the just-in-time compiler, and past the first pages of the database.
    private const int WarmUp = 1000;

    public static async Task RunAsync(string[] args)
    {
        var seconds = int.Parse(Option(args, "--seconds") ?? "8", CultureInfo.InvariantCulture);
        var database = Option(args, "--database");
        await using IssuingServer server = await IssuingServer.StartAsync(database);
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Workers }) { BaseAddress = new Uri(server.Address) };
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(database is null ? "SQLite" : "PostgreSQL")}, ES256, {Workers} clients at once, {Environment.ProcessorCount} processors, {seconds} s each"));
        Dictionary<string, string> client = new() { ["grant_type"] = "client_credentials", ["client_id"] = IssuingServer.ClientId, ["client_secret"] = server.Secret };
        var verify = new Verification(server.Gateway, (await PostAsync(http, client)).Access);
        Print("verifying, nothing else runs", await verify.MeasureAsync(seconds));
        if (Option(args, "--only") == "refresh")
        {
            await RefreshAsync(server, http, seconds);
            return;
        }

        await MeasureAsync("client credentials", seconds, () => PostAsync(http, client));
        var parent = (await PostAsync(http, client)).Access;
        Dictionary<string, string> exchange = new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:token-exchange", ["subject_token"] = parent, ["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token",
            ["scope"] = "git:acme/app@refs/heads/agent/*:push", ["client_id"] = IssuingServer.ClientId, ["client_secret"] = server.Secret,
        };
        await MeasureAsync("token exchange", seconds, () => PostAsync(http, exchange));
        await RefreshAsync(server, http, seconds);
        await SaturateAsync(http, client, verify, seconds);
    }

    private static async Task RefreshAsync(IssuingServer server, HttpClient http, int seconds)
    {
        using Login login = await Login.SignInAsync(server.Address);
        var held = new string[Workers];
        for (var i = 0; i < Workers; i++)
        {
            held[i] = (await PostAsync(http, await login.AllowAsync("git:acme/app:pull,push"))).Refresh!;
        }

        await MeasureAsync("refresh with rotation", seconds, async worker => held[worker] = (await PostAsync(http, Login.RefreshForm(held[worker]))).Refresh!);
    }

    // The gateway verifies in the same process while the token endpoint has all the work it can do.
    private static async Task SaturateAsync(HttpClient http, Dictionary<string, string> client, Verification verify, int seconds)
    {
        using var stop = new CancellationTokenSource();
        Task[] load = [.. Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await PostAsync(http, client);
            }
        }))];
        Print("verifying while issuing is saturated", await verify.MeasureAsync(seconds));
        await stop.CancelAsync();
        await Task.WhenAll(load);
    }

    private static Task MeasureAsync(string name, int seconds, Func<Task> once) => MeasureAsync(name, seconds, _ => once());

    private static async Task MeasureAsync(string name, int seconds, Func<int, Task> once)
    {
        await RunAsync(TimeSpan.FromSeconds(2), once, WarmUp);
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        var watch = Stopwatch.StartNew();
        var count = await RunAsync(TimeSpan.FromSeconds(seconds), once);
        TimeSpan spent = Environment.CpuUsage.TotalTime - processor;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name,-40} {count / watch.Elapsed.TotalSeconds,8:0} tokens/s   {spent.TotalMicroseconds / count,7:0} us of processor time each   {2e6 / (spent.TotalMicroseconds / count),6:0} tokens/s on two whole processors"));
    }

    private static async Task<int> RunAsync(TimeSpan time, Func<int, Task> once, int atLeast = 0)
    {
        var count = 0;
        var watch = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            while (watch.Elapsed < time || Volatile.Read(ref count) < atLeast)
            {
                await once(worker);
                Interlocked.Increment(ref count);
            }
        })));
        return count;
    }

    private static async Task<(string Access, string? Refresh)> PostAsync(HttpClient http, Dictionary<string, string> form)
    {
        using HttpResponseMessage answer = await http.PostAsync("/oauth/token", new FormUrlEncodedContent(form));
        using JsonDocument json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
        return answer.IsSuccessStatusCode
            ? (json.RootElement.GetProperty("access_token").GetString()!, json.RootElement.TryGetProperty("refresh_token", out JsonElement refresh) ? refresh.GetString() : null)
            : throw new InvalidOperationException($"{(int)answer.StatusCode} {json.RootElement}");
    }

    private static void Print(string name, (double Median, double Tail) times) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-40} {times.Median,8:0.0} us median   {times.Tail,8:0.0} us for 99 of 100"));

    private static string? Option(string[] args, string name) => Array.IndexOf(args, name) is >= 0 and var at && at + 1 < args.Length ? args[at + 1] : null;

    /// <summary>What a gateway does with a token that it has seen: the look that each request of a clone pays.</summary>
    private sealed class Verification(TokenValidator gateway, string token)
    {
        public async Task<(double Median, double Tail)> MeasureAsync(int seconds)
        {
            var times = new List<double>();
            var whole = Stopwatch.StartNew();
            while (whole.Elapsed.TotalSeconds < seconds)
            {
                var start = Stopwatch.GetTimestamp();
                for (var i = 0; i < 10; i++)
                {
                    TokenResult result = await gateway.ValidateAsync(token);
                    if (result.Token is null)
                    {
                        throw new InvalidOperationException(result.Description);
                    }
                }

                times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / 10);
                if (times.Count % 100 == 0)
                {
                    await Task.Yield();
                }
            }

            times.Sort();
            return (times[times.Count / 2], times[times.Count * 99 / 100]);
        }
    }
}
