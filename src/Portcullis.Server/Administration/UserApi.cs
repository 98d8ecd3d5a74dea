using Microsoft.AspNetCore.Http.HttpResults;
using Portcullis.Authority.People;
using Portcullis.Authority.Sessions;

namespace Portcullis.Server.Administration;

/// <summary>The people, in the API.</summary>
internal static class UserApi
{
    public static void Map(IEndpointRouteBuilder users)
    {
        users.MapGet("/", ListAsync).WithName("listUsers").WithSummary("Everyone, by name.");
        users.MapPost("/", AddAsync).WithName("addUser").WithSummary("Add a person; the answer holds the link, good once, by which they set a passkey or password.").ProducesProblem(400);
        users.MapGet("/{name}", FindAsync).WithName("getUser").WithSummary("One person.").ProducesProblem(404);
        users.MapDelete("/{name}", RemoveAsync).WithName("removeUser").WithSummary("Remove a person, and refuse every token of theirs at once.").ProducesProblem(400);
        users.MapPut("/{name}/groups", SetGroupsAsync).WithName("setGroups").WithSummary("Say which groups a person is in.").ProducesProblem(400);
        users.MapPost("/{name}/disable", DisableAsync).WithName("disableUser").WithSummary("Take a person's access away: every token of theirs is refused at once.").ProducesProblem(400);
        users.MapPost("/{name}/enable", EnableAsync).WithName("enableUser").WithSummary("Let a disabled person in again.").ProducesProblem(400);
        users.MapPost("/{name}/enrolment", EnrolAsync).WithName("enrolUser").WithSummary("A new link by which a person sets a passkey or password. It replaces an older one.").ProducesProblem(400);
        users.MapGet("/{name}/sessions", SessionsAsync).WithName("listSessions").WithSummary("A person's sessions that are alive.").ProducesProblem(404);
    }

    private static async Task<Ok<IReadOnlyList<PersonInfo>>> ListAsync(UserAdministration users, CancellationToken cancellationToken) => TypedResults.Ok(await users.ListAsync(cancellationToken));

    private static async Task<Results<Ok<AddedUser>, ProblemHttpResult>> AddAsync(NewUser user, HttpContext context, UserAdministration users, CancellationToken cancellationToken)
    {
        var added = await users.AddAsync(user.Name, user.DisplayName, user.Email, user.Groups ?? [], user.Administrator, cancellationToken);
        if (!added.Succeeded)
        {
            return ApiChange.Refuse(added.Problem);
        }

        await ApiChange.RecordAsync(context, "user.add", user.Name);
        var link = await users.CreateEnrolmentLinkAsync(user.Name, cancellationToken);
        return TypedResults.Ok(new AddedUser(added.Value, link.Value));
    }

    private static async Task<Results<Ok<PersonInfo>, ProblemHttpResult>> FindAsync(string name, UserAdministration users, CancellationToken cancellationToken)
        => await users.FindAsync(name, cancellationToken) is { } person ? TypedResults.Ok(person) : ApiChange.Missing("user");

    private static Task<Results<Ok<PersonInfo>, ProblemHttpResult>> RemoveAsync(string name, HttpContext context, UserAdministration users, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "user.remove", name, users.RemoveAsync(name, cancellationToken), person => person);

    private static Task<Results<Ok<PersonInfo>, ProblemHttpResult>> SetGroupsAsync(string name, string[] groups, HttpContext context, UserAdministration users, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "user.groups", name, users.SetGroupsAsync(name, groups, cancellationToken), person => person);

    private static Task<Results<Ok<PersonInfo>, ProblemHttpResult>> DisableAsync(string name, HttpContext context, UserAdministration users, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "user.disable", name, users.DisableAsync(name, cancellationToken), person => person);

    private static Task<Results<Ok<PersonInfo>, ProblemHttpResult>> EnableAsync(string name, HttpContext context, UserAdministration users, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "user.enable", name, users.EnableAsync(name, cancellationToken), person => person);

    private static Task<Results<Ok<EnrolmentLink>, ProblemHttpResult>> EnrolAsync(string name, HttpContext context, UserAdministration users, CancellationToken cancellationToken)
        => ApiChange.AnswerAsync(context, "user.enrol", name, users.CreateEnrolmentLinkAsync(name, cancellationToken), link => new EnrolmentLink(link));

    private static async Task<Results<Ok<IReadOnlyList<SessionInfo>>, ProblemHttpResult>> SessionsAsync(string name, UserAdministration users, CancellationToken cancellationToken)
        => await users.FindAsync(name, cancellationToken) is { } person ? TypedResults.Ok(await users.ListSessionsAsync(person.Name, cancellationToken)) : ApiChange.Missing("user");

    internal sealed record NewUser(string Name, string? DisplayName, string? Email, string[]? Groups, bool Administrator);

    internal sealed record AddedUser(PersonInfo User, string? EnrolmentLink);

    internal sealed record EnrolmentLink(string Link);
}
