using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Git;

/// <summary>Sizes and protocol names of the object formats (<c>hash.h</c>, <c>object-format</c> of gitprotocol-v2).</summary>
public static class ObjectFormats
{
    /// <summary>Length of a raw object id.</summary>
    /// <param name="format">The object format.</param>
    /// <returns>20 or 32 bytes.</returns>
    public static int ByteLength(this ObjectFormat format) => format == ObjectFormat.Sha256 ? 32 : 20;

    /// <summary>Length of an object id in hexadecimal.</summary>
    /// <param name="format">The object format.</param>
    /// <returns>40 or 64 digits.</returns>
    public static int HexLength(this ObjectFormat format) => format == ObjectFormat.Sha256 ? 64 : 40;

    /// <summary>The name that git uses for the format on the wire and in configuration.</summary>
    /// <param name="format">The object format.</param>
    /// <returns><c>sha1</c> or <c>sha256</c>.</returns>
    public static string ProtocolName(this ObjectFormat format) => format == ObjectFormat.Sha256 ? "sha256" : "sha1";

    /// <summary>Reads the name that git uses for a format.</summary>
    /// <param name="name">Exactly <c>sha1</c> or <c>sha256</c>.</param>
    /// <param name="format">The format named, or the default.</param>
    /// <returns>False for any other text.</returns>
    public static bool TryParseName([NotNullWhen(true)] string? name, out ObjectFormat format)
    {
        format = name == "sha256" ? ObjectFormat.Sha256 : ObjectFormat.Sha1;
        return name is "sha1" or "sha256";
    }
}
