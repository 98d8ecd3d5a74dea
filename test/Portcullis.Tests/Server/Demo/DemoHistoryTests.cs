using System.Security.Cryptography;
using Portcullis.Server.Demo;

namespace Portcullis.Tests.Server.Demo;

public sealed class DemoHistoryTests
{
    [Fact]
    public void The_same_history_is_made_each_time()
    {
        var (first, main) = DemoHistory.Create();
        var (second, again) = DemoHistory.Create();

        Assert.Equal(main, again);
        Assert.Equal(first, second);
        Assert.Equal("PACK"u8, first.AsSpan(0, 4));
#pragma warning disable CA5350 // Git's own checksum.
        Assert.Equal(SHA1.HashData(first.AsSpan(0, first.Length - 20)), first[^20..]);
#pragma warning restore CA5350
    }
}
