using Microsoft.AspNetCore.Http.HttpResults;
using Portcullis.Authority;
using Portcullis.Tokens;

namespace Portcullis.Server.Administration;

/// <summary>Makes a change that the API was asked for, records it with who asked, and words the answer.</summary>
internal static class ApiChange
{
    /// <summary>Records what worked, and answers with what came of it; or with why nothing was changed.</summary>
    public static async Task<Results<Ok<TView>, ProblemHttpResult>> AnswerAsync<T, TView>(
        HttpContext context, string operation, string target, Task<AdministrationResult<T>> change, Func<T, TView> view)
        where T : class
    {
        var result = await change;
        if (!result.Succeeded)
        {
            return Refuse(result.Problem);
        }

        await RecordAsync(context, operation, target);
        return TypedResults.Ok(view(result.Value));
    }

    /// <summary>Records a change with who asked for it.</summary>
    public static ValueTask RecordAsync(HttpContext context, string operation, string target)
    {
        var token = (ValidatedToken)context.Items[typeof(ValidatedToken)]!;
        return context.RequestServices.GetRequiredService<AdministrationAudit>().RecordAsync(
            operation, target, by: token.Subject, issuer: token.Issuer, remoteAddress: context.Connection.RemoteIpAddress, cancellationToken: CancellationToken.None);
    }

    /// <summary>Nothing was changed.</summary>
    public static ProblemHttpResult Refuse(string problem) => TypedResults.Problem(problem, statusCode: StatusCodes.Status400BadRequest);

    /// <summary>There is none of that name.</summary>
    public static ProblemHttpResult Missing(string what) => TypedResults.Problem($"There is no {what} of that name.", statusCode: StatusCodes.Status404NotFound);
}
