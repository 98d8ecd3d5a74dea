using Portcullis.Audit;

namespace Portcullis.Tests.Audit;

public sealed class RecordIdTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 25, 12, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void An_id_is_a_version_7_uuid_of_its_time()
    {
        var id = Guid.ParseExact(AuditRecord.NewId(Time), "N");
        Assert.Equal(7, id.Version);
        Assert.InRange(id.Variant, 8, 11);
        Assert.StartsWith(Time.ToUnixTimeMilliseconds().ToString("x12", null), id.ToString("N"), StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_of_one_moment_differ_on_every_thread()
    {
        var ids = new System.Collections.Concurrent.ConcurrentDictionary<string, bool>();
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 1000; i++)
            {
                Assert.True(ids.TryAdd(AuditRecord.NewId(Time), true));
            }
        });
        Assert.Equal(8000, ids.Count);
    }

    [Fact]
    public void Ids_sort_by_time()
    {
        var ids = Enumerable.Range(0, 100).Select(i => AuditRecord.NewId(Time.AddMilliseconds(i))).ToList();
        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }
}
