namespace Portcullis.Tokens.Keys;

/// <summary>Key material that can't be read. The message says what is wrong with it and never holds any of it.</summary>
public sealed class KeySetFormatException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, in a sentence without key material.</param>
    public KeySetFormatException(string message)
        : base(message)
    {
    }
}
