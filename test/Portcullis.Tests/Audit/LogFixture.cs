using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Portcullis.Audit;
using Portcullis.Audit.Files;

namespace Portcullis.Tests.Audit;

/// <summary>A folder for a log, a key and a clock; gone after the test.</summary>
internal sealed class LogFixture : IDisposable
{
    public LogFixture()
    {
        Folder = System.IO.Directory.CreateTempSubdirectory("portcullis-audit-").FullName;
        Clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 14, 9, 26, 53, TimeSpan.Zero));
        Options = new AuditLogOptions { Directory = Folder, Node = "gw1", Signer = Key, OnNotice = Notices.Add };
    }

    public string Folder { get; }

    public AuditSigningKey Key { get; } = AuditSigningKey.Create();

    public FakeTimeProvider Clock { get; }

    public AuditLogOptions Options { get; set; }

    public List<string> Notices { get; } = [];

    public string[] Files => [.. System.IO.Directory.EnumerateFiles(Folder, "*.jsonl").Order(StringComparer.Ordinal)];

    public AuditKeySet Keys => AuditKeySet.Parse($$"""{"keys":[{{Key.Jwk}}]}""");

    public static AuditRecord Record(string id = "r1", AuditOutcome outcome = AuditOutcome.Allowed)
        => new() { Id = id, Event = AuditEvents.Request, Outcome = outcome, Subject = "alice", Repository = "acme/app", Operation = "fetch" };

    public ValueTask<AuditLog> OpenAsync() => AuditLog.OpenAsync(Options, Clock);

    public ValueTask<AuditLog> OpenAsync(ILogStorage storage) => AuditLog.OpenAsync(Options, Clock, storage, CancellationToken.None);

    /// <summary>Opens, appends records r1, r2, … and closes.</summary>
    public async Task WriteAsync(int records, int first = 1)
    {
        await using var log = await OpenAsync();
        for (var i = first; i < first + records; i++)
        {
            await log.AppendAsync(Record($"r{i}"), durable: false);
        }
    }

    public string[] Lines() => [.. Files.SelectMany(System.IO.File.ReadAllLines)];

    public List<JsonElement> Members() => [.. Lines().Select(line => JsonElement.Parse(line))];

    public List<string> Events() => [.. Members().Select(m => m.GetProperty("event").GetString() == "checkpoint"
        ? "checkpoint " + m.GetProperty("reason").GetString()
        : m.GetProperty("event").GetString() == "request" ? m.GetProperty("id").GetString()! : m.GetProperty("event").GetString()!)];

    public Task<AuditVerification> VerifyAsync(AuditVerificationOptions? options = null) => AuditVerifier.VerifyAsync(Folder, Keys, options);

    public async Task AssertIntactAsync()
    {
        var result = await VerifyAsync();
        Assert.True(result.IsIntact, string.Join('\n', result.Problems));
    }

    public void Dispose()
    {
        Key.Dispose();
        System.IO.Directory.Delete(Folder, recursive: true);
    }
}
