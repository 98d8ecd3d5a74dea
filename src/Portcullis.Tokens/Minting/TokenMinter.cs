using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Minting;

/// <summary>Makes access tokens (RFC 9068). Safe to use from many threads.</summary>
public sealed class TokenMinter
{
    // What TokenValidatorOptions.MaximumLength is by default: a longer token is of no use to anyone.
    private const int LongestUsable = 8192;

    private readonly string _issuer;
    private readonly Func<SigningKey> _activeKey;
    private readonly TimeProvider _time;

    /// <summary>Mints with whatever key of the ring is active when a token is asked for.</summary>
    /// <param name="issuer">The <c>iss</c> of its tokens.</param>
    /// <param name="ring">The keys.</param>
    /// <param name="time">The clock.</param>
    public TokenMinter(string issuer, SigningKeyRing ring, TimeProvider time)
        : this(issuer, () => ring.Active, time)
    {
    }

    /// <summary>Mints with one key.</summary>
    /// <param name="issuer">The <c>iss</c> of its tokens.</param>
    /// <param name="key">The key.</param>
    /// <param name="time">The clock.</param>
    public TokenMinter(string issuer, SigningKey key, TimeProvider time)
        : this(issuer, () => key, time)
    {
    }

    /// <summary>Mints with whichever key signs at the moment.</summary>
    /// <param name="issuer">The <c>iss</c> of its tokens.</param>
    /// <param name="activeKey">The key, asked for each token.</param>
    /// <param name="time">The clock.</param>
    public TokenMinter(string issuer, Func<SigningKey> activeKey, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(issuer);
        _issuer = issuer;
        _activeKey = activeKey;
        _time = time;
    }

    /// <summary>Makes a token. One that would be longer than <see cref="TokenRequest.MaximumLength"/> isn't signed: the result says what to narrow.</summary>
    /// <exception cref="ArgumentException">The request is not one that a validator would take: no subject, no audience, no positive lifetime, too many actors.</exception>
    public MintedToken Mint(TokenRequest request)
    {
        ArgumentException.ThrowIfNullOrEmpty(request.Subject);
        if (request.Audiences.Count == 0 || request.Audiences.Any(string.IsNullOrEmpty))
        {
            throw new ArgumentException("A token needs an audience.", nameof(request));
        }

        if (request.Lifetime < TimeSpan.FromSeconds(1))
        {
            throw new ArgumentException("A token's lifetime is a second at least.", nameof(request));
        }

        if (request.Actors.Count > 8)
        {
            throw new ArgumentException("A token names at most 8 actors.", nameof(request));
        }

        SigningKey key = _activeKey();
        DateTimeOffset now = _time.GetUtcNow();
        long issuedAt = now.ToUnixTimeSeconds();
        long expiresAt = issuedAt + (long)request.Lifetime.TotalSeconds;
        string tokenId = request.TokenId ?? Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16));

        byte[] header = TokenJson.Header(key);
        byte[] payload = TokenJson.Payload(_issuer, request, tokenId, issuedAt, expiresAt);
        int signingInputLength = Base64Url.GetEncodedLength(header.Length) + 1 + Base64Url.GetEncodedLength(payload.Length);
        int length = signingInputLength + 1 + Base64Url.GetEncodedLength(key.SignatureLength);
        int maximum = request.MaximumLength > 0 ? request.MaximumLength : LongestUsable;
        if (length > maximum)
        {
            return new MintedToken { Problem = TokenBudget.Explain(request, key, length, maximum), TokenId = tokenId, ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(expiresAt), Length = length };
        }

        byte[] token = new byte[length];
        int position = Base64Url.EncodeToUtf8(header, token);
        token[position++] = (byte)'.';
        Base64Url.EncodeToUtf8(payload, token.AsSpan(position), out _, out _);
        byte[] signature = key.Sign(token.AsSpan(0, signingInputLength));
        token[signingInputLength] = (byte)'.';
        OperationStatus status = Base64Url.EncodeToUtf8(signature, token.AsSpan(signingInputLength + 1), out _, out int written);
        if (status != OperationStatus.Done || signingInputLength + 1 + written != length)
        {
            throw new CryptographicException("The signature has not the length that its algorithm prescribes.");
        }

        return new MintedToken { Token = Encoding.ASCII.GetString(token), TokenId = tokenId, ExpiresAt = DateTimeOffset.FromUnixTimeSeconds(expiresAt), Length = length };
    }
}
