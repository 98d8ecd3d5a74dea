using System.Diagnostics.Metrics;
using Portcullis.Server.Metrics;

namespace Portcullis.Tests.Server.Metrics;

public sealed class MetricsCollectorTests
{
    [Fact]
    public void Counters_gauges_and_histograms_are_written_as_Prometheus_reads_them()
    {
        using var collector = new MetricsCollector();
        using var meter = new Meter($"Portcullis.Test{Guid.NewGuid():N}");
        var name = $"test{Guid.NewGuid():N}";
        var requests = meter.CreateCounter<long>($"{name}.requests", "{request}", "Requests");
        var duration = meter.CreateHistogram<double>($"{name}.duration", "s");
        var running = meter.CreateUpDownCounter<int>($"{name}.running");
        requests.Add(2, new KeyValuePair<string, object?>("outcome", "allowed"));
        requests.Add(1, new KeyValuePair<string, object?>("outcome", "allowed"));
        duration.Record(0.003);
        duration.Record(100);
        running.Add(5);
        running.Add(-2);

        var text = collector.Write();

        Assert.Contains($"# TYPE {name}_requests_total counter\n{name}_requests_total{{outcome=\"allowed\"}} 3\n", text);
        Assert.Contains($"{name}_duration_seconds_bucket{{le=\"0.001\"}} 0\n{name}_duration_seconds_bucket{{le=\"0.005\"}} 1\n", text);
        Assert.Contains($"{name}_duration_seconds_bucket{{le=\"+Inf\"}} 2\n{name}_duration_seconds_sum 100.003\n{name}_duration_seconds_count 2\n", text);
        Assert.Contains($"{name}_running 3\n", text);
    }

    [Fact]
    public void Labels_can_not_grow_without_bound_or_break_the_format()
    {
        using var collector = new MetricsCollector();
        using var meter = new Meter($"Portcullis.Test{Guid.NewGuid():N}");
        var name = $"test{Guid.NewGuid():N}";
        var counter = meter.CreateCounter<int>(name);
        counter.Add(1, new KeyValuePair<string, object?>("evil", "a\"} 1\nforged 2"));
        for (var i = 0; i < 2 * MetricsCollector.MaxSeries; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("n", i));
        }

        var lines = collector.Write().Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal)).ToList();

        Assert.Equal(MetricsCollector.MaxSeries, lines.Count);
        Assert.Contains($"{name}_total{{evil=\"a\\\"}} 1\\nforged 2\"}} 1", lines);
    }
}
