using Portcullis.Git.PktLines;

namespace Portcullis.Git.Advertisements;

/// <summary>
/// Where the parts of a ref's line are: <c>id SP name [SP symref-target:target] [SP peeled:id] LF</c>, as <c>send_ref</c> in ls-refs.c writes it.
/// </summary>
/// <param name="Start">Where the pkt-line begins among all lines.</param>
/// <param name="Length">Its length.</param>
/// <param name="NameStart">Where the name begins, from <paramref name="Start"/>, as all others.</param>
/// <param name="NameLength">Its length.</param>
/// <param name="TargetStart">Where the target begins.</param>
/// <param name="TargetLength">Its length; 0 when there is none.</param>
/// <param name="HasPeeled">Whether a peeled value stands at the end.</param>
internal readonly record struct RefLine(int Start, int Length, int NameStart, int NameLength, int TargetStart, int TargetLength, bool HasPeeled)
{
    public int End => Start + Length;

    public bool IsUnborn => NameStart == PktLine.HeaderLength + "unborn ".Length;
}
