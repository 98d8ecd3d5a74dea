using System.Text;
using Microsoft.AspNetCore.Http;
using Portcullis.Tokens;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>
/// The yes: who asks, for the service behind the proxy, in headers. All of them, every time: a proxy that copies only those that are there would let the client's own pass in place of one that is not.
/// </summary>
internal static class ForwardAuthAnswer
{
    /// <summary>Writes the answer.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="token">Whose token it is.</param>
    /// <param name="ownIssuer">The issuer whose subjects are named without it.</param>
    /// <param name="rule">The rule that the token satisfied.</param>
    public static void Write(HttpResponse response, ValidatedToken token, string ownIssuer, ForwardAuthRule rule)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentLength = 0;
        var headers = response.Headers;
        headers.CacheControl = "no-store";

        // An alice of one issuer is not the alice of another.
        headers["X-Auth-Request-User"] = Encode(token.Issuer == ownIssuer ? token.Subject : $"{token.Issuer}|{token.Subject}");
        headers["X-Auth-Request-Groups"] = string.Join(',', token.Groups.Select(Encode));
        headers["X-Auth-Request-Actor"] = token.Actors.Count > 0 ? Encode(token.Actors[0].Subject) : "";
        headers["X-Auth-Request-Client"] = Encode(token.ClientId ?? "");
        headers["X-Auth-Request-Token-Id"] = Encode(token.TokenId);
        headers["X-Auth-Request-Permission"] = string.Join(' ', rule.Requires);
    }

    /// <summary>A name as it may stand in a header, so that two names never look the same: what is not printable ASCII, spaces, commas and '%' become %XX.</summary>
    internal static string Encode(string text)
    {
        var encoded = new StringBuilder(text.Length);
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (value is > (byte)' ' and < 0x7F and not (byte)'%' and not (byte)',')
            {
                encoded.Append((char)value);
            }
            else
            {
                encoded.Append('%').Append(value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return encoded.ToString();
    }
}
