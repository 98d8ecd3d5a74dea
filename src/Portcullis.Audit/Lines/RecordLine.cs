using System.Net;

namespace Portcullis.Audit.Lines;

/// <summary>Writes a record's line up to, and without, its last two members: <c>previousHash</c> and <c>hash</c> belong to the chain.</summary>
internal static class RecordLine
{
    /// <summary>Writes one body for each <see cref="LineLimits.RefsPerLine"/> refs, and one for a record without; <paramref name="ends"/> receives where each ends.</summary>
    public static void Write(LineBuffer target, List<int> ends, AuditRecord record, string node, DateTimeOffset time)
    {
        var refs = record.Refs;
        var next = 0;
        do
        {
            WriteOne(target, record, node, time, refs, ref next);
            ends.Add(target.Length);
        }
        while (refs is not null && next < refs.Count);
    }

    /// <summary>The members that every line begins with, checkpoints included.</summary>
    public static void WriteStart(LineBuffer target, DateTimeOffset time, ReadOnlySpan<char> id, ReadOnlySpan<char> node, ReadOnlySpan<char> @event)
    {
        target.Append("{\"time\":"u8);
        WriteTime(target, time);
        target.Append(",\"id\":"u8);
        target.AppendQuoted(id, LineLimits.Name);
        target.Append(",\"node\":"u8);
        target.AppendQuoted(node, LineLimits.Name);
        target.Append(",\"event\":"u8);
        target.AppendQuoted(@event, LineLimits.Name);
    }

    public static void WriteTime(LineBuffer target, DateTimeOffset time)
    {
        Span<byte> text = stackalloc byte[32];
        time.UtcDateTime.TryFormat(text, out var written, "O");
        target.Append((byte)'"');
        target.Append(text[..written]);
        target.Append((byte)'"');
    }

    public static ReadOnlySpan<byte> Word(AuditOutcome outcome) => outcome switch
    {
        AuditOutcome.Allowed => "allowed"u8,
        AuditOutcome.Refused => "refused"u8,
        AuditOutcome.Failed => "failed"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(outcome)),
    };

    private static void WriteOne(
        LineBuffer target, AuditRecord record, string node, DateTimeOffset time, IReadOnlyList<AuditRefChange>? refs, ref int next)
    {
        WriteStart(target, time, record.Id, node, record.Event);
        target.Append(",\"outcome\":\""u8);
        target.Append(Word(record.Outcome));
        target.Append((byte)'"');
        Text(target, ",\"reason\":"u8, record.Reason, LineLimits.Reason);
        Text(target, ",\"subject\":"u8, record.Subject, LineLimits.Name);
        Actors(target, record.Actor);
        Text(target, ",\"issuer\":"u8, record.Issuer, LineLimits.Name);
        Text(target, ",\"client\":"u8, record.Client, LineLimits.Name);
        Text(target, ",\"tokenId\":"u8, record.TokenId, LineLimits.Name);
        Text(target, ",\"keyId\":"u8, record.KeyId, LineLimits.Name);
        Text(target, ",\"session\":"u8, record.Session, LineLimits.Name);
        Text(target, ",\"repository\":"u8, record.Repository, LineLimits.Name);
        Text(target, ",\"operation\":"u8, record.Operation, LineLimits.Name);
        Text(target, ",\"object\":"u8, record.Object, LineLimits.ObjectId);
        Text(target, ",\"path\":"u8, record.Path, LineLimits.RefName);
        Refs(target, refs, ref next);
        Address(target, record.RemoteAddress);
        Text(target, ",\"userAgent\":"u8, record.UserAgent, LineLimits.UserAgent);
        Number(target, ",\"status\":"u8, record.Status);
        Number(target, ",\"bytesIn\":"u8, record.BytesIn);
        Number(target, ",\"bytesOut\":"u8, record.BytesOut);
        Milliseconds(target, record.Duration);
    }

    private static void Text(LineBuffer target, ReadOnlySpan<byte> member, string? value, int maxCharacters)
    {
        if (value is not null)
        {
            target.Append(member);
            target.AppendQuoted(value, maxCharacters);
        }
    }

    private static void Number(LineBuffer target, ReadOnlySpan<byte> member, long? value)
    {
        if (value is { } number)
        {
            target.Append(member);
            target.Append(number);
        }
    }

    private static void Actors(LineBuffer target, IReadOnlyList<string>? actors)
    {
        if (actors is null or { Count: 0 })
        {
            return;
        }

        target.Append(",\"actor\":["u8);
        for (var i = 0; i < Math.Min(actors.Count, LineLimits.Actors); i++)
        {
            if (i > 0)
            {
                target.Append((byte)',');
            }

            target.AppendQuoted(actors[i], LineLimits.Name);
        }

        target.Append((byte)']');
    }

    private static void Refs(LineBuffer target, IReadOnlyList<AuditRefChange>? refs, ref int next)
    {
        if (refs is null or { Count: 0 })
        {
            return;
        }

        target.Append(",\"refs\":["u8);
        var end = Math.Min(refs.Count, next + LineLimits.RefsPerLine);
        for (var first = next; next < end; next++)
        {
            var change = refs[next];
            target.Append(next == first ? "{\"name\":"u8 : ",{\"name\":"u8);
            target.AppendQuoted(change.Name, LineLimits.RefName);
            Text(target, ",\"old\":"u8, change.Old, LineLimits.ObjectId);
            Text(target, ",\"new\":"u8, change.New, LineLimits.ObjectId);
            Text(target, ",\"change\":"u8, change.Change, LineLimits.ObjectId);
            target.Append(",\"outcome\":\""u8);
            target.Append(Word(change.Outcome));
            target.Append((byte)'"');
            Text(target, ",\"reason\":"u8, change.Reason, LineLimits.RefReason);
            target.Append((byte)'}');
        }

        target.Append((byte)']');
    }

    private static void Address(LineBuffer target, IPAddress? address)
    {
        if (address is null)
        {
            return;
        }

        // A dual-stack socket shows an IPv4 peer as ::ffff:192.0.2.1; one peer should have one spelling.
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        Span<char> text = stackalloc char[128];
        if (address.TryFormat(text, out var written))
        {
            target.Append(",\"remoteAddress\":"u8);
            target.AppendQuoted(text[..written], LineLimits.Name);
        }
    }

    private static void Milliseconds(LineBuffer target, TimeSpan? duration)
    {
        if (duration is not { } value)
        {
            return;
        }

        var microseconds = Math.Max(0, value.Ticks / TimeSpan.TicksPerMicrosecond);
        target.Append(",\"durationMs\":"u8);
        target.Append(microseconds / 1000);
        target.Append((byte)'.');
        var fraction = (int)(microseconds % 1000);
        target.Append((byte)('0' + (fraction / 100)));
        target.Append((byte)('0' + (fraction / 10 % 10)));
        target.Append((byte)('0' + (fraction % 10)));
    }
}
