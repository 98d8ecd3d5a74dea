using System.Text;

namespace Portcullis.Git.FetchRequests;

/// <summary>One line of a fetch.</summary>
public readonly struct FetchLine
{
    internal FetchLine(FetchLineKind kind, ReadOnlyMemory<byte> payload, Range argument, ObjectId id)
    {
        Kind = kind;
        Payload = payload;
        ArgumentBytes = payload[argument];
        Id = id;
    }

    /// <summary>What the line says.</summary>
    public FetchLineKind Kind { get; }

    /// <summary>The line as it is on the wire, newline included where there is one; empty for a flush.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>What stands behind the keyword; for an option the word itself; empty for <c>done</c> and a flush.</summary>
    public ReadOnlyMemory<byte> ArgumentBytes { get; }

    /// <summary>The object of a want, a have or a shallow line; the default for the others.</summary>
    public ObjectId Id { get; }

    /// <summary>What stands behind the keyword, as text.</summary>
    public string Argument => Encoding.UTF8.GetString(ArgumentBytes.Span);

    /// <summary>A line <c>want</c>.</summary>
    /// <param name="id">The object.</param>
    /// <returns>The line.</returns>
    public static FetchLine Want(ObjectId id) => Make(FetchLineKind.Want, "want ", id.ToString(), id);

    /// <summary>A line <c>have</c>.</summary>
    /// <param name="id">The object.</param>
    /// <returns>The line.</returns>
    public static FetchLine Have(ObjectId id) => Make(FetchLineKind.Have, "have ", id.ToString(), id);

    /// <summary>A line <c>deepen-not</c>.</summary>
    /// <param name="refName">The ref.</param>
    /// <returns>The line.</returns>
    public static FetchLine DeepenNot(string refName) => Make(FetchLineKind.DeepenNot, "deepen-not ", refName, default);

    private static FetchLine Make(FetchLineKind kind, string keyword, string argument, ObjectId id)
    {
        var payload = Encoding.UTF8.GetBytes(keyword + argument + "\n");
        return new(kind, payload, keyword.Length..(payload.Length - 1), id);
    }
}
