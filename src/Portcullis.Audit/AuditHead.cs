using System.Text;
using Portcullis.Audit.Lines;

namespace Portcullis.Audit;

/// <summary>
/// A statement, signed apart from the log, of how far one node's chain had come. The log keeps its newest one in
/// <c>&lt;node&gt;.head</c>; kept somewhere else as well, it proves later that the log was at least this long.
/// </summary>
public sealed record AuditHead
{
    /// <summary>The node whose chain it is.</summary>
    public required string Node { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>The key that signed it; <see langword="null"/> in a log without a signer.</summary>
    public string? KeyId { get; init; }

    /// <summary>Lines in the chain.</summary>
    public required long Count { get; init; }

    /// <summary>The hash of the last of them.</summary>
    public required string Hash { get; init; }

    private static ReadOnlySpan<byte> Purpose => "portcullis audit head 1\n"u8;

    private ReadOnlyMemory<byte> Signed { get; init; }

    private ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>Reads a head file's text. Whether its signature holds is for the verifier to say.</summary>
    /// <param name="text">One line of JSON.</param>
    /// <param name="head">The head.</param>
    public static bool TryParse(string text, out AuditHead? head) => TryParse(Encoding.UTF8.GetBytes(text), out head);

    internal static bool TryParse(ReadOnlySpan<byte> text, out AuditHead? head)
    {
        head = null;
        if (!text.EndsWith("}\n"u8) || text.Length > CheckpointLine.MaxBytes || !LineMembers.TryRead(text[..^1], out var members))
        {
            return false;
        }

        LineHash.TrySplitSignature(text[..^2], out var signed, out var signature);
        if (members.Event != "head" || members.Node is null || members.Count is not >= 0 || members.Hash is null
            || !LineHash.IsHash(Encoding.ASCII.GetBytes(members.Hash)) || members.Time is not { } time)
        {
            return false;
        }

        head = new AuditHead
        {
            Node = members.Node,
            Time = time,
            KeyId = members.KeyId,
            Count = members.Count.Value,
            Hash = members.Hash,
            Signed = signed.ToArray(),
            Signature = signature.ToArray(),
        };
        return true;
    }

    internal static byte[] Write(string node, DateTimeOffset time, in ChainPosition position, IAuditSigner? signer)
    {
        var target = new LineBuffer();
        target.Append("{\"time\":"u8);
        RecordLine.WriteTime(target, time);
        target.Append(",\"node\":"u8);
        target.AppendQuoted(node, LineLimits.Name);
        target.Append(",\"event\":\"head\""u8);
        if (signer is not null)
        {
            target.Append(",\"keyId\":"u8);
            target.AppendQuoted(signer.KeyId, LineLimits.Name);
        }

        target.Append(",\"count\":"u8);
        target.Append(position.Count);
        target.Append(",\"hash\":\""u8);
        target.Append(position.Hash.Span);
        target.Append((byte)'"');
        if (signer is not null)
        {
            LineHash.AppendSignature(target, Signing.Sign(signer, Purpose, target.Written));
        }

        target.Append("}\n"u8);
        return target.Written.ToArray();
    }

    internal bool IsSignedBy(AuditKeySet keys)
        => KeyId is not null && Signing.Verify(keys, KeyId, Purpose, Signed.Span, Signature.Span);
}
