using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Portcullis.Server.Metrics;

/// <summary>One instrument's samples.</summary>
internal sealed class MetricFamily
{
    /// <summary>Seconds: from a cached answer to a long clone. OpenTelemetry's HTTP buckets, and two below them.</summary>
    private static readonly double[] s_seconds = [0.0005, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600];
    private static readonly double[] s_other = [0, 5, 10, 25, 50, 75, 100, 250, 500, 1000, 5000, 10_000, 100_000, 1_000_000];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);
    private readonly Kind _kind;
    private readonly double[] _bounds;
    private readonly string _description;

    private MetricFamily(string name, string description, Kind kind, double[] bounds)
    {
        Name = name;
        _description = description;
        _kind = kind;
        _bounds = bounds;
    }

    private enum Kind
    {
        Counter,
        ObservedCounter,
        UpDown,
        Gauge,
        Histogram,
    }

    /// <summary>The family's name in the output.</summary>
    public string Name { get; }

    /// <summary>Makes the family for an instrument.</summary>
    public static MetricFamily For(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        var kind = type switch
        {
            _ when type.StartsWith("Histogram", StringComparison.Ordinal) => Kind.Histogram,
            _ when type.StartsWith("ObservableCounter", StringComparison.Ordinal) => Kind.ObservedCounter,
            _ when type.StartsWith("Counter", StringComparison.Ordinal) => Kind.Counter,
            _ when type.StartsWith("UpDownCounter", StringComparison.Ordinal) => Kind.UpDown,
            _ => Kind.Gauge,
        };
        var name = PrometheusText.MetricName(instrument.Name, instrument.Unit, kind is Kind.Counter or Kind.ObservedCounter);
        return new MetricFamily(name, instrument.Description ?? "", kind, instrument.Unit == "s" ? s_seconds : s_other);
    }

    /// <summary>Takes one measurement.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = tags.Length == 0 ? "" : LabelsOf(tags);
        lock (_lock)
        {
            if (!_series.TryGetValue(labels, out var series))
            {
                if (_series.Count >= MetricsCollector.MaxSeries)
                {
                    return;
                }

                _series.Add(labels, series = new Series(_kind == Kind.Histogram ? new long[_bounds.Length + 1] : null));
            }

            series.Count++;
            series.Value = _kind is Kind.Gauge or Kind.ObservedCounter ? value : series.Value + value;
            if (series.Buckets is { } buckets)
            {
                var index = Array.BinarySearch(_bounds, value);
                buckets[index < 0 ? ~index : index]++;
            }
        }
    }

    /// <summary>Writes the family's lines.</summary>
    public void WriteTo(StringBuilder text)
    {
        lock (_lock)
        {
            if (_series.Count == 0)
            {
                return;
            }

            if (_description.Length > 0)
            {
                text.Append("# HELP ").Append(Name).Append(' ').Append(_description.Replace('\n', ' ')).Append('\n');
            }

            text.Append("# TYPE ").Append(Name).Append(' ').Append(_kind switch
            {
                Kind.Counter or Kind.ObservedCounter => "counter",
                Kind.Histogram => "histogram",
                _ => "gauge",
            }).Append('\n');
            foreach (var (labels, series) in _series)
            {
                if (series.Buckets is null)
                {
                    text.Append(Name).Append(labels).Append(' ').Append(PrometheusText.Number(series.Value)).Append('\n');
                    continue;
                }

                long total = 0;
                for (var i = 0; i < series.Buckets.Length; i++)
                {
                    total += series.Buckets[i];
                    var bound = PrometheusText.Number(i < _bounds.Length ? _bounds[i] : double.PositiveInfinity);
                    text.Append(Name).Append("_bucket").Append(PrometheusText.WithLabel(labels, "le", bound)).Append(' ').Append(total).Append('\n');
                }

                text.Append(Name).Append("_sum").Append(labels).Append(' ').Append(PrometheusText.Number(series.Value)).Append('\n');
                text.Append(Name).Append("_count").Append(labels).Append(' ').Append(series.Count).Append('\n');
            }
        }
    }

    private static string LabelsOf(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<KeyValuePair<string, string>>(tags.Length);
        foreach (var (name, value) in tags)
        {
            labels.Add(new(name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));
        }

        return PrometheusText.Labels(labels);
    }

    private sealed class Series(long[]? buckets)
    {
        public long Count { get; set; }

        public double Value { get; set; }

        public long[]? Buckets { get; } = buckets;
    }
}
