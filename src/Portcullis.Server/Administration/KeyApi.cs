using Microsoft.AspNetCore.Http.HttpResults;
using Portcullis.Authority.Keys;

namespace Portcullis.Server.Administration;

/// <summary>The signing keys, in the API. Private halves go neither in nor out by it.</summary>
internal static class KeyApi
{
    public static void Map(IEndpointRouteBuilder keys)
    {
        keys.MapGet("/", List).WithName("listKeys").WithSummary("The signing keys, the newest first.");
        keys.MapPost("/", RotateAsync).WithName("rotateKey").WithSummary("A new key, which signs at once or after it has been published for a while.").ProducesProblem(400);
        keys.MapPost("/{keyId}/revoke", RevokeAsync).WithName("revokeKey").WithSummary("At once it verifies nothing, and a new one signs in its place.").ProducesProblem(400);
    }

    private static Ok<IReadOnlyList<KeyInfo>> List(KeyRing ring) => TypedResults.Ok(ring.List());

    private static async Task<Results<Ok<KeyInfo>, ProblemHttpResult>> RotateAsync(NewKey key, HttpContext context, KeyRing ring, CancellationToken cancellationToken)
    {
        if (key.Algorithm is { } algorithm && !ring.Algorithms.Contains(algorithm))
        {
            return ApiChange.Refuse("The algorithm is neither authority.signingAlgorithm nor one of additionalSigningAlgorithms.");
        }

        var made = await ring.RotateAsync(key.Algorithm, key.Immediately, cancellationToken);
        await ApiChange.RecordAsync(context, "key.rotate", made.KeyId);
        return TypedResults.Ok(made);
    }

    private static Task<Results<Ok<KeyInfo>, ProblemHttpResult>> RevokeAsync(string keyId, HttpContext context, KeyRing ring, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "key.revoke", keyId, ring.RevokeAsync(keyId, cancellationToken), key => key);

    internal sealed record NewKey(string? Algorithm, bool Immediately);
}
