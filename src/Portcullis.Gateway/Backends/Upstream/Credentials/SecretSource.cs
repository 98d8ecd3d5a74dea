using System.Buffers;
using System.Text;

namespace Portcullis.Gateway.Backends.Upstream.Credentials;

/// <summary>
/// Reads a secret where it is. A file is read for each use, which costs little beside the request to the upstream: what an operator or a sidecar puts
/// there counts at once, whatever its time stamp says, and no old copy lives on.
/// </summary>
internal sealed class SecretSource(SecretLocation location)
{
    // An Entra token with many groups has several KiB; no secret has more than this.
    private const int MaxBytes = 64 << 10;

    private const char ByteOrderMark = (char)0xFEFF;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The secret, without the white space around it.</summary>
    /// <exception cref="UpstreamCredentialException">It is not there, empty, or no single line of text.</exception>
    public async ValueTask<string> ReadAsync(CancellationToken cancellationToken)
    {
        var text = location.File is { } file
            ? await ReadFileAsync(file, cancellationToken)
            : Environment.GetEnvironmentVariable(location.Variable ?? string.Empty) ?? string.Empty;
        var secret = text.TrimStart(ByteOrderMark).Trim();

        // What reaches a header holds no control character, whoever wrote the file.
        return secret.Length == 0 ? throw new UpstreamCredentialException($"There is no secret in {location}.")
            : secret.Any(char.IsControl) ? throw new UpstreamCredentialException($"The secret in {location} is not a single line of text.")
            : secret;
    }

    private async Task<string> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MaxBytes + 1);
        try
        {
            await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var length = await stream.ReadAtLeastAsync(buffer.AsMemory(0, MaxBytes + 1), MaxBytes + 1, throwOnEndOfStream: false, cancellationToken);
            return length <= MaxBytes
                ? StrictUtf8.GetString(buffer, 0, length)
                : throw new UpstreamCredentialException($"The secret in {location} is larger than {MaxBytes >> 10} KiB.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UpstreamCredentialException($"The secret in {location} can't be read: {(exception is FileNotFoundException ? "there is no such file" : exception.GetType().Name)}.");
        }
        catch (DecoderFallbackException)
        {
            throw new UpstreamCredentialException($"The secret in {location} is not UTF-8.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
