using System.Security.Cryptography;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Issuers;

/// <summary>One key set document at a URL: fetched conditionally, parsed only when it has changed.</summary>
internal sealed class RemoteKeySet(IssuerHttpClient client)
{
    private Uri? _uri;
    private FetchValidator _validator;
    private byte[] _digest = [];

    // Never called twice at once: RefreshingKeySet sees to that.
    public async Task<FetchedKeys> FetchAsync(Uri uri, KeySet? last, CancellationToken cancellationToken)
    {
        bool same = last is not null && uri == _uri;
        FetchedDocument document = await client.GetAsync(uri, same ? _validator : default, cancellationToken);
        KeySet keys;
        if (document.Content is null)
        {
            keys = last!;
        }
        else
        {
            byte[] digest = SHA256.HashData(document.Content);
            keys = same && digest.AsSpan().SequenceEqual(_digest) ? last! : Parse(uri, document.Content);
            _digest = digest;
        }

        _uri = uri;
        _validator = document.Validator;
        return new FetchedKeys(keys, document.FreshFor);
    }

    private static KeySet Parse(Uri uri, byte[] content)
    {
        KeySet keys = KeySet.ParseJwks(content);
        // An issuer without keys is an issuer in trouble, not one that has withdrawn them all: the last good set stays, for as long as it may.
        return keys.Count > 0 ? keys : throw new KeySetFormatException($"{uri} gives no key that can verify. {string.Join(" ", keys.Problems)}".TrimEnd());
    }
}
