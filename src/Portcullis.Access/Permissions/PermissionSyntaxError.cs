namespace Portcullis.Access.Permissions;

/// <summary>Why a text is no permission. It grants nothing, and is reported.</summary>
/// <param name="Position">Where in the text the mistake is, counted from 0.</param>
/// <param name="Message">What is wrong and how it is written right: one sentence of printable ASCII, safe to show.</param>
/// <param name="Text">The text itself, shortened and with everything unprintable replaced; safe to log.</param>
public sealed record PermissionSyntaxError(int Position, string Message, string Text)
{
    /// <summary>The error as one line, for logs and terminals.</summary>
    public override string ToString() => $"'{Text}': {Message} (at character {Position + 1})";
}
