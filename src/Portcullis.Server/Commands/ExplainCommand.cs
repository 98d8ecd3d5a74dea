using System.CommandLine;
using Portcullis.Access;
using Portcullis.Access.Decisions;
using Portcullis.Access.Permissions;
using Portcullis.Access.Policies;
using Portcullis.Gateway.Authentication;
using Portcullis.Git.Names;
using Spectre.Console;

namespace Portcullis.Server.Commands;

/// <summary><c>portcullis explain</c>: why yes, why no.</summary>
internal static class ExplainCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(CommandTerminal terminal)
    {
        var token = CommonOptions.Token();
        var tokenFile = CommonOptions.TokenFile();
        var subject = new Option<string?>("--subject") { Description = "In place of a token: somebody, with all that the policy gives them.", HelpName = "NAME" };
        var group = new Option<string[]>("--group") { Description = "With --subject: a group of theirs, besides those that they are in here; may be given several times.", HelpName = "NAME", DefaultValueFactory = _ => [] };
        var client = new Option<string?>("--client") { Description = "With --subject: the client that the token would be issued to.", HelpName = "NAME" };
        var scope = new Option<string?>("--scope") { Description = "With --subject: what a program asks for. The answer is what the token would say.", HelpName = "SCOPE" };
        var action = new Argument<string?>("ACTION") { Description = "pull, push, create, update, force, delete or init; several with commas. Or a scope of another service, as in grafana:read. Without it: all that --subject is given.", Arity = ArgumentArity.ZeroOrOne };
        var repository = new Argument<string?>("REPOSITORY") { Description = "Its path without .git.", Arity = ArgumentArity.ZeroOrOne };
        var reference = new Argument<string?>("REF") { Description = "The full name of a ref. Without it the question is about the repository.", Arity = ArgumentArity.ZeroOrOne };
        var json = CommonOptions.Json();
        var command = new DocumentedCommand(
            "explain", "Say why something is allowed or not: which permission, which rule, in which line of which file. Exit code 1: it is not.",
            "portcullis explain --token - push acme/app refs/heads/main < alice.token",
            "portcullis explain --token-file alice.token pull acme/app",
            "portcullis explain --subject alice --group engineering force acme/app refs/heads/main",
            "portcullis explain --token-file alice.token registry:acme/app:push",
            "portcullis explain --subject alice",
            "portcullis explain --subject alice --scope 'git:acme/app:pull,push'")
        {
            token, tokenFile, subject, group, client, scope, action, repository, reference, json,
        };
        command.SetAction(async (parseResult, cancellationToken) =>
        {
            var installation = parseResult.Installation(terminal);
            var policy = PolicyCommand.Load(installation);
            var secret = SecretInput.ReadToken(terminal, parseResult.GetValue(token), parseResult.GetValue(tokenFile));
            var who = parseResult.GetValue(subject);
            if (secret is null == who is null)
            {
                throw new CommandFailedException("Give either a token (--token -, --token-file FILE) or --subject.", ExitCode.Usage);
            }

            var identity = who is null ? null : await GrantExplanation.IdentifyAsync(installation, who, parseResult.GetValue(client), parseResult.GetValue(group)!, cancellationToken);
            if (parseResult.GetValue(action) is not { } words)
            {
                return identity is not null
                    ? GrantExplanation.Explain(terminal, installation, policy, identity, parseResult.GetValue(scope), parseResult.GetValue(json))
                    : throw new CommandFailedException("Say which ACTION in which REPOSITORY the question is about.", ExitCode.Usage);
            }

            if (parseResult.GetValue(scope) is not null)
            {
                throw new CommandFailedException("--scope goes without ACTION: it asks what a token would say.", ExitCode.Usage);
            }

            if (words.Contains(':', StringComparison.Ordinal))
            {
                if (parseResult.GetValue(repository) is not null)
                {
                    throw new CommandFailedException("A scope says by itself what it is about: no REPOSITORY goes with it.", ExitCode.Usage);
                }

                var (having, limit, holder) = await HeldAsync();
                return ScopeExplanation.Explain(terminal, policy, having, limit, holder, words, parseResult.GetValue(json));
            }

            var actions = ParseAction(words);
            var path = ParseRepository(parseResult.GetValue(repository) ?? throw new CommandFailedException("Say which REPOSITORY the question is about.", ExitCode.Usage));
            var name = ParseReference(parseResult.GetValue(reference));
            var (permissions, ceiling, caller) = await HeldAsync();
            var explanations = Explainer.Explain(permissions, policy, path, actions, name, ceiling);
            var allowed = explanations.All(explanation => explanation.Decision.IsAllowed);
            if (parseResult.GetValue(json))
            {
                terminal.WriteJson(new
                {
                    allowed,
                    subject = caller,
                    repository = path.Value,
                    @ref = name?.Value,
                    actions = explanations.Select(explanation => new
                    {
                        action = AccessActionWords.Format(explanation.Action),
                        allowed = explanation.Decision.IsAllowed,
                        reason = explanation.Decision.Code,
                        permission = explanation.Decision.Permission?.ToString(),
                        origin = explanation.Decision.Permission?.Origin,
                        rule = explanation.Decision.Rule?.ToString(),
                        considered = explanation.Lines,
                    }),
                });
            }
            else
            {
                Print(terminal, explanations, caller, path, name);
            }

            return allowed ? ExitCode.Done : ExitCode.Failed;

            async Task<(PermissionSet Permissions, PermissionSet? Ceiling, string Caller)> HeldAsync() => identity is null
                ? await OfTokenAsync(installation, policy, secret!, cancellationToken)
                : (policy.PermissionsFor(identity), null, identity.Subject);
        });
        return command;
    }

    private static async Task<(PermissionSet Permissions, PermissionSet? Ceiling, string Caller)> OfTokenAsync(
        Installation installation, AccessPolicy policy, string secret, CancellationToken cancellationToken)
    {
        await using var validation = await TokenValidation.OpenAsync(installation, cancellationToken);
        var result = await validation.Validator.ValidateAsync(secret, default, cancellationToken);
        if (result.Token is not { } token)
        {
            throw new CommandFailedException($"The token would be refused before anything else is asked ({result.Code}): {result.Description}");
        }

        var effective = new EffectivePermissions();
        return (effective.Of(token, policy), effective.CeilingOf(token), token.Subject);
    }

    private static void Print(CommandTerminal terminal, IReadOnlyList<Explanation> explanations, string caller, RepositoryPath repository, RefName? reference)
    {
        foreach (var explanation in explanations)
        {
            var question = $"{caller}: {AccessActionWords.Format(explanation.Action)} {repository}{(reference is null ? "" : $" {reference}")}";
            if (explanation.Decision.IsAllowed)
            {
                terminal.WriteMark("allowed", Color.Green, question);
            }
            else
            {
                terminal.WriteMark("refused", Color.Red, $"{question} ({explanation.Decision.Code})");
            }

            terminal.WriteLines(explanation.Lines);
        }
    }

    private static AccessAction ParseAction(string text)
        => text.Split(',').Aggregate(AccessAction.None, (actions, word) => actions | ParseWord(word));

    private static AccessAction ParseWord(string text)
        => AccessActionWords.TryParse(text, out var action)
            ? action
            : throw new CommandFailedException($"'{CommandTerminal.Printable(text)}' is no action: pull, push, create, update, force, delete, init.", ExitCode.Usage);

    private static RepositoryPath ParseRepository(string text)
        => RepositoryPath.TryParse(text, out var path, out var problem)
            ? path
            : throw new CommandFailedException($"'{CommandTerminal.Printable(text)}' can't be a repository: {problem}", ExitCode.Usage);

    private static RefName? ParseReference(string? text) => text is null
        ? null
        : RefName.TryParse(text, out var name)
            ? name
            : throw new CommandFailedException($"'{CommandTerminal.Printable(text)}' is no full ref name, such as refs/heads/main.", ExitCode.Usage);
}
