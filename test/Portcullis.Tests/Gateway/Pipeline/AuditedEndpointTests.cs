using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Portcullis.Audit;
using Portcullis.Gateway;
using Portcullis.Gateway.Auditing;
using Portcullis.Gateway.Authentication;
using Portcullis.Gateway.Backends;
using Portcullis.Gateway.Pipeline;
using Portcullis.Gateway.Refusals;
using Portcullis.Gateway.Requests;
using Portcullis.Tests.Audit;

namespace Portcullis.Tests.Gateway.Pipeline;

/// <summary>What holds for every endpoint that leaves a record, whatever it serves.</summary>
public sealed class AuditedEndpointTests : IDisposable
{
    private readonly LogFixture _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task The_answer_is_sent_after_its_record()
    {
        await using AuditLog log = await _log.OpenAsync();
        var seenOnSend = new List<string>();
        using var body = new WatchedBody(() => seenOnSend.AddRange(Records()));
        Seen seen = await RunAsync(log, (_, trail, response) =>
        {
            trail.Allow();
            return Task.FromResult(Answer.With(() => response.Hold(200, "text/plain", "yes"u8.ToArray())));
        }, body: body);

        Assert.Equal((200, "yes", false), (seen.Status, seen.Body, seen.IsAborted));
        Assert.Equal(["allowed  200 3"], seenOnSend);
    }

    [Fact]
    public async Task A_refusal_is_a_value_that_is_recorded_and_written()
    {
        await using AuditLog log = await _log.OpenAsync();
        Seen seen = await RunAsync(log, (_, _, _) => Task.FromResult<Answer>(RefusalTexts.ProtocolError("no.")));
        Assert.Equal(400, seen.Status);
        Assert.Equal("This is not a well-formed Git request: no.\n", seen.Body);
        Assert.Equal([$"refused protocol_error 400 {seen.Body.Length}"], Records());
        Assert.Equal(["refused", "ended"], seen.Steps);
    }

    [Fact]
    public async Task Nothing_is_served_where_it_could_not_be_recorded()
    {
        AuditLog log = await _log.OpenAsync();
        await log.DisposeAsync();
        _log.Options = _log.Options with { ReserveBytes = 128 << 10 };
        var disk = new FaultyStorage();
        await using AuditLog full = await _log.OpenAsync(disk);
        disk.Free = 0;
        for (var i = 0; full.IsAvailable; i++)
        {
            await full.AppendAsync(LogFixture.Record($"fill{i}"), durable: false, TestContext.Current.CancellationToken);
        }

        var served = false;
        Seen seen = await RunAsync(full, (_, trail, _) =>
        {
            served = true;
            trail.Allow();
            return Task.FromResult(default(Answer));
        });
        Assert.False(served);
        Assert.Equal(503, seen.Status);
        Assert.Equal("30", seen.Headers.RetryAfter);
        Assert.Contains("audit log", seen.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_whose_record_fails_is_taken_back_where_the_audit_is_required(bool isRequired)
    {
        AuditLog log = await _log.OpenAsync();
        Seen seen = await RunAsync(
            log,
            async (context, trail, response) =>
            {
                await log.DisposeAsync();
                trail.Allow();
                return Answer.With(() =>
                {
                    context.Response.Headers["X-Secret"] = "yes";
                    response.Hold(200, "text/plain", "yes"u8.ToArray());
                });
            },
            isRequired);
        Assert.Equal(isRequired ? 503 : 200, seen.Status);
        Assert.Equal(isRequired ? "" : "yes", seen.Headers["X-Secret"].ToString());
        Assert.Equal(!isRequired, seen.Body == "yes");
        Assert.False(seen.IsAborted);
    }

    [Fact]
    public async Task A_refusal_whose_record_fails_is_taken_back_too()
    {
        AuditLog log = await _log.OpenAsync();
        Seen seen = await RunAsync(log, async (_, _, _) =>
        {
            await log.DisposeAsync();
            return RefusalTexts.ProtocolError("no.");
        });
        Assert.Equal(503, seen.Status);
        Assert.DoesNotContain("well-formed", seen.Body, StringComparison.Ordinal);
        Assert.Equal(seen.Body.Length, seen.Headers.ContentLength);
    }

    [Fact]
    public async Task An_answer_that_is_on_its_way_is_cut_when_its_record_fails()
    {
        AuditLog log = await _log.OpenAsync();
        Seen seen = await RunAsync(log, async (_, trail, response) =>
        {
            response.Start("application/x-git-upload-pack-result");
            trail.Allow();
            await log.DisposeAsync();
            return default;
        });
        Assert.True(seen.IsAborted);
    }

    [Fact]
    public async Task A_refusal_after_half_an_answer_cuts_it()
    {
        await using AuditLog log = await _log.OpenAsync();
        Seen seen = await RunAsync(log, (_, _, response) =>
        {
            response.Start("application/x-git-upload-pack-result");
            throw new BackendFailedException(RefusalTexts.Busy(), new IOException("broken"));
        });
        Assert.True(seen.IsAborted);
        Assert.Equal(["failed busy 200 0"], Records());
    }

    public static TheoryData<string, int, string> Failures => new()
    {
        { "client", 0, "failed client_gone" },
        { "clientIO", 0, "failed client_gone" },
        { "revoked", 0, "failed revoked" },
        { "time", 0, "failed time_limit" },
        { "body", 400, "refused protocol_error" },
        { "large", 413, "refused too_large" },
        { "bug", 502, "failed backend_failed" },
        { "audit", 503, "failed audit_unavailable" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task However_it_ends_there_is_one_record_and_no_access(string failure, int status, string recorded)
    {
        await using AuditLog log = await _log.OpenAsync();
        Seen seen = await RunAsync(log, (context, trail, _) =>
        {
            if (failure.StartsWith("client", StringComparison.Ordinal))
            {
                context.Abort();
            }

            trail.IsRevoked = failure == "revoked";
            throw failure switch
            {
                "clientIO" => new IOException("reset"),
                "body" => new BadHttpRequestException("broken"),
                "large" => new BadHttpRequestException("large", StatusCodes.Status413PayloadTooLarge),
                "bug" => new InvalidOperationException("a secret of the program"),
                "audit" => new AuditUnavailableException("full"),
                _ => new OperationCanceledException(),
            };
        });
        Assert.StartsWith(recorded, Assert.Single(Records()), StringComparison.Ordinal);
        Assert.Equal(status == 0, seen.IsAborted);
        Assert.Equal("ended", seen.Steps[^1]);
        Assert.DoesNotContain("secret", seen.Body, StringComparison.Ordinal);
        if (status != 0)
        {
            Assert.Equal(status, seen.Status);
        }
    }

    [Fact]
    public async Task Too_many_requests_are_refused_whether_or_not_the_caller_is_known()
    {
        await using AuditLog log = await _log.OpenAsync();
        using var limiter = new RequestLimiter(1);
        var credential = new AuthenticationResult { Refusal = RefusalTexts.CredentialMalformed("It is none.") };
        Assert.Equal(400, (await RunAsync(log, null, authentication: credential, limiter: limiter)).Status);
        Assert.Equal(429, (await RunAsync(log, null, authentication: credential, limiter: limiter)).Status);
        var known = credential with { Caller = new Caller { Subject = "alice", Issuer = "https://git.example.com", TokenId = "t-1" } };
        Assert.Equal(400, (await RunAsync(log, null, authentication: known, limiter: limiter)).Status);
        Assert.Equal(429, (await RunAsync(log, null, authentication: known, limiter: limiter)).Status);
        Assert.Equal(4, Records().Count);
    }

    private List<string> Records() =>
    [
        .. _log.Members().Where(line => line.GetProperty("event").GetString() == AuditEvents.ForwardAuth).Select(line =>
            $"{line.GetProperty("outcome").GetString()} {(line.TryGetProperty("reason", out var reason) ? reason.GetString() : "")} {line.GetProperty("status").GetInt32()} "
            + (line.TryGetProperty("bytesOut", out var bytes) ? bytes.GetInt64() : 0)),
    ];

    private async Task<Seen> RunAsync(
        AuditLog log, Func<HttpContext, RequestTrail, GitResponse, Task<Answer>>? serve, bool isRequired = true, Stream? body = null,
        AuthenticationResult authentication = default, RequestLimiter? limiter = null)
    {
        var context = new DefaultHttpContext();
        using var plain = new MemoryStream();
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body ?? plain));
        var lifetime = new Lifetime();
        context.Features.Set<IHttpRequestLifetimeFeature>(lifetime);
        context.Connection.RemoteIpAddress = IPAddress.Loopback;
        var options = new GatewayOptions
        {
            PublicUrl = "https://git.example.com", TokenEndpoint = "https://git.example.com/oauth/token", RepositoriesRoot = "", MirrorsRoot = "", RunDirectory = "",
            OperatorGitConfiguration = "", AuditRequired = isRequired,
        };
        using var unlimited = new RequestLimiter(0);
        var endpoint = new Endpoint(options, limiter ?? unlimited, log, _log.Clock, serve, authentication);
        await endpoint.HandleAsync(context);
        return new Seen(
            context.Response.StatusCode, context.Response.Headers, Encoding.UTF8.GetString(((MemoryStream)(body ?? plain)).ToArray()), lifetime.RequestAborted.IsCancellationRequested, endpoint.Steps);
    }

    private sealed record Seen(int Status, IHeaderDictionary Headers, string Body, bool IsAborted, IReadOnlyList<string> Steps);

    private sealed class Endpoint(
        GatewayOptions options, RequestLimiter limiter, AuditLog audit, TimeProvider time, Func<HttpContext, RequestTrail, GitResponse, Task<Answer>>? serve, AuthenticationResult authentication)
        : AuditedEndpoint<Trail>(options, limiter, audit, time, NullLogger.Instance)
    {
        public List<string> Steps { get; } = [];

        protected override Trail Begin(string id, DateTimeOffset time) => new(id, time);

        protected override async ValueTask<Answer> ServeAsync(HttpContext context, Trail trail, GitResponse response)
        {
            if (serve is not null)
            {
                return await serve(context, trail, response);
            }

            return Admit(authentication, trail, out _, out _, out Refusal? refusal) ? default(Answer) : refusal;
        }

        protected override Task AfterRefusalAsync(HttpContext context, Trail trail)
        {
            Steps.Add("refused");
            return Task.CompletedTask;
        }

        protected override ValueTask EndAsync(Trail trail)
        {
            Steps.Add("ended");
            return default;
        }
    }

    private sealed class Trail(string id, DateTimeOffset time) : RequestTrail(id, time)
    {
        public override bool IsDurable => false;

        protected override string Event => AuditEvents.ForwardAuth;

        protected override string OperationText => "question";
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        private readonly CancellationTokenSource _aborted = new();

        public Lifetime() => RequestAborted = _aborted.Token;

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => _aborted.Cancel();
    }

    // What the client would see, and when.
    private sealed class WatchedBody(Action onWrite) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            onWrite();
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
