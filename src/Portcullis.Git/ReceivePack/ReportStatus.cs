using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Portcullis.Git.Advertisements;
using Portcullis.Git.PktLines;

namespace Portcullis.Git.ReceivePack;

/// <summary>The server's report of a push (gitprotocol-pack "Report Status"; <c>report</c> and <c>report_v2</c> in receive-pack.c).</summary>
/// <param name="UnpackStatus"><c>ok</c>, or why the pack wasn't taken.</param>
/// <param name="Refs">A line for each command, in the client's order; in version 2 an <c>ok</c> may come several times for one ref.</param>
public sealed record ReportStatus(string UnpackStatus, ImmutableArray<RefStatus> Refs)
{
    /// <summary>What <see cref="UnpackStatus"/> is when the pack was taken.</summary>
    public const string Unpacked = "ok";

    /// <summary>Reads a report: the lines up to and including the flush, without side-band.</summary>
    /// <param name="bytes">The whole report and nothing else.</param>
    /// <returns>The report.</returns>
    /// <exception cref="PktLineException">The bytes aren't a report.</exception>
    public static ReportStatus Parse(ReadOnlySpan<byte> bytes)
    {
        string? unpackStatus = null;
        var refs = ImmutableArray.CreateBuilder<RefStatus>();
        while (PktLineReader.TryRead(ref bytes, out var kind, out var payload))
        {
            if (kind == PktLineKind.Flush && bytes.IsEmpty && unpackStatus is not null)
            {
                return new(unpackStatus, refs.DrainToImmutable());
            }

            var line = payload is [.., (byte)'\n'] ? payload[..^1] : payload;
            if (kind != PktLineKind.Data || !Utf8.IsValid(line) || line.ContainsAny((byte)0, (byte)'\n'))
            {
                break;
            }

            var text = Encoding.UTF8.GetString(line);
            if (unpackStatus is null)
            {
                unpackStatus = text.StartsWith("unpack ", StringComparison.Ordinal) ? text["unpack ".Length..] : throw NotAReport();
            }
            else if (!TryAddRef(text, refs) && !TryAddOption(text, refs))
            {
                break;
            }
        }

        throw NotAReport();
    }

    /// <summary>Writes the report, flush included, without side-band.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="withOptions">Whether the client asked for <c>report-status-v2</c>; without it the options are left out.</param>
    public void WriteTo(IBufferWriter<byte> output, bool withOptions = true)
    {
        output.WriteText("unpack " + OneLine(UnpackStatus));
        foreach (var status in Refs)
        {
            if (!status.IsOk)
            {
                output.WriteText(status.Reason is null ? $"ng {status.RefName}" : $"ng {status.RefName} {OneLine(status.Reason)}");
                continue;
            }

            output.WriteText("ok " + status.RefName);
            if (withOptions)
            {
                WriteOptions(output, status);
            }
        }

        output.WriteFlush();
    }

    /// <summary>
    /// Writes the report in the form that the client asked for: wrapped in side-band packets and followed by a flush with <c>side-band-64k</c>, with options for
    /// <c>report-status-v2</c>, and not at all without <c>report-status</c>.
    /// </summary>
    /// <param name="output">Where to.</param>
    /// <param name="capabilities">What the client sent with its first command.</param>
    public void WriteTo(IBufferWriter<byte> output, CapabilityList capabilities)
    {
        ArgumentNullException.ThrowIfNull(capabilities);
        var withOptions = capabilities.Contains("report-status-v2");
        var isWanted = withOptions || capabilities.Contains("report-status");
        if (!capabilities.Contains("side-band-64k"))
        {
            if (isWanted)
            {
                WriteTo(output, withOptions);
            }

            return;
        }

        if (isWanted)
        {
            var report = new ArrayBufferWriter<byte>();
            WriteTo(report, withOptions);
            output.WriteSideband(SidebandChannel.Pack, report.WrittenSpan);
        }

        output.WriteFlush();
    }

    /// <inheritdoc/>
    public bool Equals(ReportStatus? other) => other is not null && UnpackStatus == other.UnpackStatus && Refs.SequenceEqual(other.Refs);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(UnpackStatus, Refs.Length);

    private static bool TryAddRef(string text, ImmutableArray<RefStatus>.Builder refs)
    {
        var isOk = text.StartsWith("ok ", StringComparison.Ordinal);
        if (!isOk && !text.StartsWith("ng ", StringComparison.Ordinal))
        {
            return false;
        }

        var rest = text[3..];
        var space = rest.IndexOf(' ');
        var name = space < 0 ? rest : rest[..space];
        var reason = space < 0 ? null : rest[(space + 1)..];
        if (name.Length == 0 || (isOk && reason is not null))
        {
            return false;
        }

        refs.Add(new(name, isOk, reason));
        return true;
    }

    private static bool TryAddOption(string text, ImmutableArray<RefStatus>.Builder refs)
    {
        if (refs.Count == 0 || !refs[^1].IsOk || !text.StartsWith("option ", StringComparison.Ordinal))
        {
            return false;
        }

        var rest = text["option ".Length..];
        var space = rest.IndexOf(' ');
        var value = space < 0 ? "" : rest[(space + 1)..];
        var isId = ObjectId.TryParse(value, out var id);
        var changed = (space < 0 ? rest : rest[..space]) switch
        {
            "refname" when value.Length > 0 => refs[^1] with { ActualRefName = value },
            "old-oid" when isId => refs[^1] with { ActualOld = id },
            "new-oid" when isId => refs[^1] with { ActualNew = id },
            "forced-update" when space < 0 => refs[^1] with { IsForcedUpdate = true },
            _ => null,
        };
        if (changed is null)
        {
            return false;
        }

        refs[^1] = changed;
        return true;
    }

    private static void WriteOptions(IBufferWriter<byte> output, RefStatus status)
    {
        if (status.ActualRefName is not null)
        {
            output.WriteText("option refname " + status.ActualRefName);
        }

        if (status.ActualOld is { } old)
        {
            output.WriteText($"option old-oid {old}");
        }

        if (status.ActualNew is { } @new)
        {
            output.WriteText($"option new-oid {@new}");
        }

        if (status.IsForcedUpdate)
        {
            output.WriteText("option forced-update");
        }
    }

    private static string OneLine(string text) => string.Create(text.Length, text, static (span, text) =>
    {
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = char.IsControl(text[i]) ? ' ' : text[i];
        }
    });

    private static PktLineException NotAReport() => PktLineException.Unexpected("The answer is not the report of a push.");
}
