using Portcullis.Git.Names;

namespace Portcullis.Git.ReceivePack;

/// <summary>One line of a push.</summary>
/// <param name="Old">What the client believes the ref to be; zero for a creation.</param>
/// <param name="New">What it shall be; zero for a deletion.</param>
/// <param name="Name">The ref; null when the name isn't a valid full ref name, which no push may change.</param>
/// <param name="RawName">The name as sent, for the report to the client; bytes that aren't UTF-8 are replaced.</param>
public sealed record ReceivePackCommand(ObjectId Old, ObjectId New, RefName? Name, string RawName)
{
    /// <summary>What the command does; deleting wins when both ids are zero, as in git.</summary>
    public ReceivePackCommandKind Kind =>
        New.IsZero ? ReceivePackCommandKind.Delete : Old.IsZero ? ReceivePackCommandKind.Create : ReceivePackCommandKind.Update;

    /// <summary>Makes a command for a valid ref.</summary>
    /// <param name="old">The old id.</param>
    /// <param name="new">The new id.</param>
    /// <param name="name">The ref.</param>
    /// <returns>The command.</returns>
    public static ReceivePackCommand For(ObjectId old, ObjectId @new, RefName name) => new(old, @new, name, name.Value);
}
