using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Portcullis.Tokens;
using Portcullis.Tokens.Issuers;
using Portcullis.Tokens.Keys;

namespace Portcullis.Fuzz.Targets;

internal static class TokenTargets
{
    private static readonly byte[] s_secret = "a secret of the fuzzer, known to all and of no use"u8.ToArray();
    private static readonly FixedClock s_clock = new();
    private static readonly TokenValidator s_validator = new(
        [
            new TrustedIssuer
            {
                Issuer = "https://idp.example",
                Audiences = ["https://git.example"],
                Algorithms = [SignatureAlgorithms.HS256],
                KeySource = new StaticKeySetSource(SharedSecret.ToKeySet(s_secret, minimumBits: 256, keyId: null)),
            },
        ],
        s_clock);

    /// <summary>A token as it comes in a header. Accepted: it is valid, which only who knows the secret can bring about.</summary>
    public static bool Token(byte[] input) => Validate(Encoding.UTF8.GetString(input));

    /// <summary>The header and, after a line end, the payload of a token, which gets a true signature: so that changes reach what stands behind it.</summary>
    public static bool Content(byte[] input)
    {
        int end = input.AsSpan().IndexOf((byte)'\n');
        if (end < 0)
        {
            return false;
        }

        string signed = $"{Base64Url.EncodeToString(input.AsSpan(0, end))}.{Base64Url.EncodeToString(input.AsSpan(end + 1))}";
        return Validate($"{signed}.{Base64Url.EncodeToString(Sign(signed))}");
    }

    public static bool KeySets(byte[] input)
    {
        KeySet keys = KeySet.ParseJwks(input);
        FuzzFailureException.Unless(!keys.IsSymmetric, "no document gives a shared secret");
        FuzzFailureException.Unless(keys.KeyIds.Count == keys.Count, "every key has a name");
        return keys.Count > 0;
    }

    private static bool Validate(string token)
    {
        TokenResult result = s_validator.ValidateAsync(token).AsTask().GetAwaiter().GetResult();
        TokenInspection inspection = TokenReader.ReadUnverified(token, s_clock);
        if (!result.IsValid)
        {
            FuzzFailureException.Unless(result.Error != TokenError.None && result.Description.Length > 0, "a refusal says why");
            FuzzFailureException.Unless(!result.Description.Any(char.IsControl), "nothing that goes to a log holds control characters");
            throw new TokenRefusedException(result.Code);
        }

        string[] parts = token.Split('.');
        FuzzFailureException.Unless(parts.Length == 3 && parts[2] == Base64Url.EncodeToString(Sign($"{parts[0]}.{parts[1]}")), "what is accepted is signed");
        FuzzFailureException.Unless(inspection.Payload.Count > 0, "what is accepted can be shown");
        return true;
    }

    private static byte[] Sign(string signed) => HMACSHA256.HashData(s_secret, Encoding.ASCII.GetBytes(signed));

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2031, 5, 6, 7, 8, 9, TimeSpan.Zero);
    }
}

/// <summary>A refusal by one of the checks; its message is the code, so that the loop tells them apart.</summary>
internal sealed class TokenRefusedException(string code) : Exception(code);
