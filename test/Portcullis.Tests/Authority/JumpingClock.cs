using Microsoft.Extensions.Time.Testing;

namespace Portcullis.Tests.Authority;

/// <summary>A clock on the wall that somebody sets, beside time that passes as it does.</summary>
internal sealed class JumpingClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
