using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Portcullis.Server.Hosting;

/// <summary>
/// The server's TLS certificate with its chain, read again when its files change. No folder is watched: the files' stamps are looked
/// at when a connection opens, at most once a second. Files that can't be read leave the last good certificate in force.
/// </summary>
internal sealed partial class CertificateSource
{
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(1);
    private readonly string _path;
    private readonly string? _keyPath;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private volatile Loaded _current;
    private long _lookedAt;

    /// <summary>Reads the certificate for the first time.</summary>
    /// <param name="path">PEM: the certificate, then the certificates that lead to its root; or PKCS#12 without a password.</param>
    /// <param name="keyPath">PEM: the private key. <see langword="null"/> where <paramref name="path"/> holds it.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <param name="logger">Told when the certificate was read again, or could not be.</param>
    /// <exception cref="CertificateException">It can't be read. The message names the file and is fit for an operator.</exception>
    public CertificateSource(string path, string? keyPath, TimeProvider timeProvider, ILogger<CertificateSource> logger)
    {
        _path = path;
        _keyPath = keyPath;
        _timeProvider = timeProvider;
        _logger = logger;
        _current = Load(path, keyPath);
        _lookedAt = timeProvider.GetTimestamp();
    }

    /// <summary>The certificate in force, without its key.</summary>
    public X509Certificate2 Certificate => Current().Context.TargetCertificate;

    /// <summary>What a handshake needs now.</summary>
    /// <param name="requestClientCertificate">Whether to ask the peer for a certificate (RFC 8705). Any is taken: it counts only where a token names it.</param>
    public SslServerAuthenticationOptions Options(bool requestClientCertificate)
    {
        var current = Current();
        return requestClientCertificate ? current.WithClientCertificate : current.Plain;
    }

    private Loaded Current()
    {
        if (_timeProvider.GetElapsedTime(Volatile.Read(ref _lookedAt)) < s_lookEvery)
        {
            return _current;
        }

        lock (_lock)
        {
            if (_timeProvider.GetElapsedTime(_lookedAt) < s_lookEvery)
            {
                return _current;
            }

            Volatile.Write(ref _lookedAt, _timeProvider.GetTimestamp());
            var stamp = Stamp(_path, _keyPath);
            if (_current.Stamp == stamp)
            {
                return _current;
            }

            try
            {
                _current = Load(_path, _keyPath);
                LogReloaded(_logger, _path, _current.Context.TargetCertificate.NotAfter.ToUniversalTime());
            }
            catch (CertificateException exception)
            {
                // Said once for each state of the files: the stamp is taken over, the certificate is not. The stamp is that of before the reading: whoever was in the middle of
                // writing the two files has finished by now, perhaps, and what is there then is still to be read.
                _current = _current with { Stamp = stamp };
                LogKept(_logger, exception.Message);
            }

            return _current;
        }
    }

    /// <summary>Reads a certificate once, as the server would.</summary>
    internal static X509Certificate2 Read(string path, string? keyPath) => Load(path, keyPath).Context.TargetCertificate;

    private static Loaded Load(string path, string? keyPath)
    {
        var stamp = Stamp(path, keyPath);
        try
        {
            var chain = new X509Certificate2Collection();
            X509Certificate2 certificate;
            if (keyPath is null && X509Certificate2.GetCertContentType(path) == X509ContentType.Pkcs12)
            {
                certificate = X509CertificateLoader.LoadPkcs12FromFile(path, password: null);
            }
            else
            {
                certificate = X509Certificate2.CreateFromPemFile(path, keyPath);
                chain.ImportFromPemFile(path);
            }

            // Only what was given is sent: the machine's stores and the network aren't asked for the rest of a chain.
            var context = SslStreamCertificateContext.Create(certificate, chain, offline: true);
            return new Loaded(stamp, context, MakeOptions(context, request: false), MakeOptions(context, request: true));
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CertificateException(
                keyPath is null
                    ? $"The certificate {path} can't be read: {exception.Message}"
                    : $"The certificate {path} with the key {keyPath} can't be read: {exception.Message}",
                exception);
        }
    }

    private static SslServerAuthenticationOptions MakeOptions(SslStreamCertificateContext context, bool request) => new()
    {
        ServerCertificateContext = context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
        AllowRenegotiation = false,
        ClientCertificateRequired = request,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        // RFC 8705 §2.2: with `x5t#S256` it is the token that says which certificate; who signed it does not matter.
        RemoteCertificateValidationCallback = request ? (_, _, _, _) => true : null,
    };

    private static FileStamp Stamp(string path, string? keyPath)
    {
        var (certificate, key) = (new FileInfo(path), new FileInfo(keyPath ?? path));
        return new FileStamp(
            certificate.Exists ? certificate.Length : -1, certificate.LastWriteTimeUtc, key.Exists ? key.Length : -1, key.LastWriteTimeUtc);
    }

    [LoggerMessage(LogLevel.Information, "The certificate {Path} has changed and is in use, valid until {NotAfter:u}")]
    private static partial void LogReloaded(ILogger logger, string path, DateTime notAfter);

    [LoggerMessage(LogLevel.Error, "The certificate has changed, and the one before stays in use. {Problem}")]
    private static partial void LogKept(ILogger logger, string problem);

    private sealed record FileStamp(long CertificateLength, DateTime CertificateWritten, long KeyLength, DateTime KeyWritten);

    private sealed record Loaded(
        FileStamp Stamp, SslStreamCertificateContext Context, SslServerAuthenticationOptions Plain, SslServerAuthenticationOptions WithClientCertificate);
}
