namespace Portcullis.Audit.Lines;

/// <summary>A line that the log itself writes and signs: how many lines came before it, and the hash of the last of them.</summary>
internal static class CheckpointLine
{
    /// <summary>What is signed begins with this, so that a signature made for one purpose is worth nothing for another.</summary>
    public static ReadOnlySpan<byte> Purpose => "portcullis audit checkpoint 1\n"u8;

    /// <summary>No checkpoint is longer: its texts are bounded, and so is a signature (RSA with 8,192 bits: 1,366 characters).</summary>
    public const int MaxBytes = 8 << 10;

    public static void Write(
        LineBuffer target, DateTimeOffset time, string node, string reason, long count, ReadOnlySpan<byte> previousHash, IAuditSigner? signer)
    {
        var start = target.Length;
        RecordLine.WriteStart(target, time, AuditRecord.NewId(time), node, AuditEvents.Checkpoint);
        target.Append(",\"reason\":"u8);
        target.AppendQuoted(reason, LineLimits.Reason);
        if (signer is not null)
        {
            target.Append(",\"keyId\":"u8);
            target.AppendQuoted(signer.KeyId, LineLimits.Name);
        }

        target.Append(",\"count\":"u8);
        target.Append(count);
        LineHash.AppendPrevious(target, previousHash);
        if (signer is not null)
        {
            LineHash.AppendSignature(target, Signing.Sign(signer, Purpose, target.Written[start..]));
        }
    }
}
