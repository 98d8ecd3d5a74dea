namespace Portcullis.Git.PktLines;

/// <summary>The peer sent something that is not the protocol. The message is static text: it never repeats what was sent.</summary>
public class PktLineException : FormatException
{
    /// <summary>Makes the exception.</summary>
    /// <param name="error">What kind of mistake it is.</param>
    /// <param name="message">A sentence of static text.</param>
    public PktLineException(PktLineError error, string message)
        : base(message)
    {
        Error = error;
    }

    /// <summary>What kind of mistake it is.</summary>
    public PktLineError Error { get; }

    /// <summary>What exactly a body cut short gives.</summary>
    internal static PktLineException CutShort() => new(PktLineError.CutShort, "The body ends in the middle of a pkt-line.");

    internal static PktLineException TooLong() => new(PktLineError.TooLong, "The request is longer than this server reads.");

    internal static PktLineException Unexpected(string message) => new(PktLineError.Unexpected, message);
}
