using Microsoft.AspNetCore.Http.HttpResults;
using Portcullis.Authority.Revocations;

namespace Portcullis.Server.Administration;

/// <summary>What is taken back, in the API. Keys are revoked under <c>keys</c>.</summary>
internal static class RevocationApi
{
    public static void Map(IEndpointRouteBuilder revocations)
    {
        revocations.MapGet("/", ListAsync).WithName("listRevocations").WithSummary("What is revoked now, the newest first.");
        revocations.MapPost("/", RevokeAsync).WithName("revoke").WithSummary("Take a token, a session, a subject or a client back: refused on the next request, and running transfers are cut.").ProducesProblem(400);
    }

    private static async Task<Ok<IReadOnlyList<RevocationInfo>>> ListAsync(Revocations revocations, CancellationToken cancellationToken) => TypedResults.Ok(await revocations.ListAsync(cancellationToken));

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(NewRevocation revocation, HttpContext context, Revocations revocations, CancellationToken cancellationToken)
    {
        if (await revocations.RevokeAsync(revocation.Kind, revocation.Value, cancellationToken) is { } problem)
        {
            return ApiChange.Refuse(problem);
        }

        await ApiChange.RecordAsync(context, $"revoke.{revocation.Kind}", revocation.Value);
        return TypedResults.NoContent();
    }

    /// <param name="Kind"><c>tokenId</c>, <c>session</c>, <c>subject</c> or <c>client</c>.</param>
    /// <param name="Value">Its name; never a token.</param>
    internal sealed record NewRevocation(string Kind, string Value);
}
