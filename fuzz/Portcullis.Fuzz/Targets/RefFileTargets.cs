using Portcullis.Git;
using Portcullis.Git.RefFiles;

namespace Portcullis.Fuzz.Targets;

internal static class RefFileTargets
{
    private static readonly LooseRef Head = new(null, "refs/heads/main"u8.ToArray());

    /// <summary>Whatever is taken makes a snapshot, in which each ref is found again.</summary>
    public static bool Packed(byte[] input)
    {
        if (!PackedRefs.TryParse(input, ObjectFormat.Sha1, out var refs) || !StoredRefs.TryMerge(ObjectFormat.Sha1, Head, [], refs, out var stored))
        {
            return false;
        }

        var snapshot = stored.Build(null, stored.Unknown(null).ToDictionary(static id => id, static _ => (ObjectId?)null), showsUnbornHead: true, []);
        FuzzFailureException.Unless(snapshot.Entries.Length == refs.Count + 1, "every ref is listed, and HEAD");
        FuzzFailureException.Unless(stored.Unknown(snapshot).Count == 0, "nothing is unknown any more");
        return true;
    }

    /// <summary>Whatever is taken is what git would have written, but for the newline.</summary>
    public static bool Loose(byte[] input)
    {
        if (!LooseRef.TryParse(input, ObjectFormat.Sha1, out var reference))
        {
            return false;
        }

        byte[] written = reference.Id is { } id ? [.. System.Text.Encoding.ASCII.GetBytes(id.ToString()), (byte)'\n'] : [.. "ref: "u8, .. reference.Target.Span, (byte)'\n'];
        FuzzFailureException.Unless(input.AsSpan().TrimEnd((byte)'\n').SequenceEqual(written.AsSpan().TrimEnd((byte)'\n')), "a ref reads back as it was written");
        return true;
    }
}
