using System.Text;
using Portcullis.Audit;
using Portcullis.Audit.Lines;
using Portcullis.Audit.Reading;

namespace Portcullis.Fuzz.Targets;

/// <summary>What an auditor's tools read: files that anybody may have changed.</summary>
internal static class AuditTargets
{
    private static readonly AuditKeySet NoKeys = AuditKeySet.Parse("""{"keys":[]}""");

    /// <summary>What was read and written again reads the same, and is printable.</summary>
    public static bool Record(byte[] input)
    {
        if (RecordReader.TryRead(input, "file", 1) is not { } entry)
        {
            return false;
        }

        var once = Write(entry.Record, entry.Node);
        FuzzFailureException.Unless(!once.AsSpan().ContainsAnyExceptInRange((byte)' ', (byte)'~'), "a line is printable ASCII");
        if (entry.Record.Refs is not { Count: > LineLimits.RefsPerLine })
        {
            var again = RecordReader.TryRead([.. once, (byte)'}'], "file", 1);
            FuzzFailureException.Unless(again is not null && Write(again.Record, again.Node).AsSpan().SequenceEqual(once), "what was read and written again reads the same");
        }

        AuditFilter.None.Matches(entry.Record, entry.Node);
        return true;
    }

    /// <summary>The end of a file as a crash, or somebody, left it.</summary>
    public static bool Tail(byte[] input)
    {
        var (position, end) = Audit.Files.Tail.Scan(input, startsAtLine: true);
        FuzzFailureException.Unless(end >= 0 && end <= input.Length, "the last whole line ends in the file");
        FuzzFailureException.Unless((position is null) == (end == 0), "a chain stands somewhere or nowhere");
        FuzzFailureException.Unless(end == 0 || input[end - 1] == (byte)'\n', "a line ends with a line feed");
        return position is not null;
    }

    /// <summary>A head, whose signature no key has made.</summary>
    public static bool Head(byte[] input)
    {
        if (!AuditHead.TryParse(input, out var head))
        {
            return false;
        }

        FuzzFailureException.Unless(!head!.IsSignedBy(NoKeys), "without a key nothing is signed");
        return true;
    }

    /// <summary>A JWK set.</summary>
    public static bool Keys(byte[] input)
    {
        var keys = AuditKeySet.Parse(Encoding.UTF8.GetString(input));
        foreach (var keyId in keys.KeyIds)
        {
            FuzzFailureException.Unless(!keys.Verify(keyId, "data"u8, new byte[64]), "zeros are no signature");
        }

        return true;
    }

    private static byte[] Write(AuditRecord record, string node)
    {
        var target = new LineBuffer();
        RecordLine.Write(target, [], record, node, record.Time);
        return target.Written.ToArray();
    }
}
