using System.Globalization;
using System.Text;

namespace Portcullis.Server.Metrics;

/// <summary>Writes the Prometheus text format, version 0.0.4, with names made as OpenTelemetry's exporters make them.</summary>
internal static class PrometheusText
{
    /// <summary>The media type of the format.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary><c>portcullis.request.duration</c> in <c>s</c> -> <c>portcullis_request_duration_seconds</c>.</summary>
    public static string MetricName(string instrument, string? unit, bool counter)
    {
        var name = new StringBuilder(instrument.Length + 16);
        foreach (var character in instrument)
        {
            name.Append(char.IsAsciiLetterOrDigit(character) ? character : '_');
        }

        var suffix = unit switch
        {
            "s" => "_seconds",
            "ms" => "_milliseconds",
            "By" => "_bytes",
            "1" or null or "" => "",
            _ when unit.StartsWith('{') => "",
            _ => "",
        };
        if (suffix.Length > 0 && !name.ToString().EndsWith(suffix, StringComparison.Ordinal))
        {
            name.Append(suffix);
        }

        if (counter)
        {
            name.Append("_total");
        }

        return name.ToString();
    }

    /// <summary><c>{method="GET",status="200"}</c>, or nothing when there are no labels.</summary>
    public static string Labels(IEnumerable<KeyValuePair<string, string>> labels)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in labels)
        {
            text.Append(text.Length == 0 ? '{' : ',');
            foreach (var character in name)
            {
                text.Append(char.IsAsciiLetterOrDigit(character) ? character : '_');
            }

            text.Append("=\"").Append(value.Replace("\\", "\\\\", StringComparison.Ordinal)
                .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('"');
        }

        return text.Length == 0 ? "" : text.Append('}').ToString();
    }

    /// <summary>The same labels with one more, as histograms' <c>le</c>.</summary>
    public static string WithLabel(string labels, string name, string value)
        => labels.Length == 0 ? $"{{{name}=\"{value}\"}}" : $"{labels[..^1]},{name}=\"{value}\"}}";

    /// <summary>A sample's value.</summary>
    public static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);
}
