namespace Portcullis.Git.PktLines;

/// <summary>Why pkt-lines were refused.</summary>
public enum PktLineError
{
    /// <summary>The first four bytes aren't hexadecimal digits.</summary>
    NotHexadecimal,

    /// <summary>The length is 3, which means nothing, or greater than <see cref="PktLine.MaxLength"/>.</summary>
    BadLength,

    /// <summary>The body ended inside a line.</summary>
    CutShort,

    /// <summary>The lines together are longer than the reader allows.</summary>
    TooLong,

    /// <summary>A line stands where its kind or content has no place.</summary>
    Unexpected,
}
