using System.Net;
using Portcullis.Audit;

namespace Portcullis.Benchmarks.Audit;

/// <summary>A record as an ordinary request leaves it.</summary>
internal static class AuditBench
{
    private static readonly IPAddress Address = IPAddress.Parse("192.0.2.7");

    public static AuditRecord Record() => new()
    {
        Time = new DateTimeOffset(2026, 3, 14, 9, 26, 53, TimeSpan.Zero),
        Id = "0198f2c4a1b27c3d8e4f5a6b7c8d9e0f",
        Event = AuditEvents.Request,
        Outcome = AuditOutcome.Allowed,
        Subject = "alice",
        Issuer = "https://git.example.com",
        Client = "git-credential-portcullis",
        TokenId = "3f0e7c1a9b8d4e5f8a7b6c5d4e3f2a1b",
        KeyId = "u1qXvDdTQ1h0dT1Lw7wKq3m3cYk2b3c4d5e6f7g8h9i",
        Session = "9c1d",
        Repository = "acme/app",
        Operation = "discover",
        RemoteAddress = Address,
        UserAgent = "git/2.47.0",
        Status = 200,
        BytesIn = 0,
        BytesOut = 312,
        Duration = TimeSpan.FromMicroseconds(153),
    };
}
