using Portcullis.Tokens.Keys;

namespace Portcullis.Tokens.Minting;

/// <summary>Says what makes a token too long, largest first, in words that help to shorten it.</summary>
internal static class TokenBudget
{
    public static string Explain(TokenRequest request, SigningKey key, int length, int maximum)
    {
        int permissions = (request.Scope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        (int Length, string Advice)[] parts =
        [
            (request.Scope is null ? 0 : TokenJson.Measure(json => json.WriteString(ClaimNames.Scope, request.Scope)),
                $"its {permissions} permission{(permissions == 1 ? "" : "s")}: ask for fewer or for wider patterns, or for a role in their place"),
            (TokenJson.Measure(json => TokenJson.WriteDetails(json, request.AuthorizationDetails)), "its authorization_details: scope says the same in fewer characters"),
            (TokenJson.Measure(json => TokenJson.WriteMany(json, ClaimNames.Groups, request.Groups)), "its groups: bind the roles to the subject instead"),
            (TokenJson.Measure(json => TokenJson.WriteMany(json, ClaimNames.Roles, request.Roles)), "its roles: ask for fewer"),
            (TokenJson.Measure(json => TokenJson.WriteActors(json, request.Actors)), "its chain of actors: exchange from a token nearer to the person"),
            (TokenJson.Measure(json => TokenJson.WriteMany(json, ClaimNames.Audience, request.Audiences)), "its audiences: name one service"),
            (key.SignatureLength > 132 ? key.SignatureLength * 4 / 3 : 0, $"its {key.Algorithm} signature: ES256 takes 86"),
        ];
        string largest = string.Join("; ", parts.Where(p => p.Length > 100).OrderByDescending(p => p.Length).Take(3).Select(p => $"{p.Length} characters are {p.Advice}"));
        return $"The token would have {length} characters, {length - maximum} more than the {maximum} that credential stores can hold. {(largest.Length > 0 ? largest : "Shorten the subject and the issuer")}.";
    }
}
