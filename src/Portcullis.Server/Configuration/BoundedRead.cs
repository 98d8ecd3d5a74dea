namespace Portcullis.Server.Configuration;

/// <summary>Reads files that should be small.</summary>
internal static class BoundedRead
{
    /// <summary>The whole content, or its beginning and one byte more than allowed, so that the reader of the bytes can say that it is too large.</summary>
    public static byte[] All(Stream stream, int most)
    {
        var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (content.Length <= most && stream.Read(buffer) is > 0 and var read)
        {
            content.Write(buffer, 0, (int)Math.Min(read, most + 1 - content.Length));
        }
        return content.ToArray();
    }
}
