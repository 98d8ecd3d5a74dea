using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Portcullis.Access.Permissions;
using Portcullis.Git.Names;

namespace Portcullis.AspNetCore.Permissions;

/// <summary>A permission or scope that the token must carry; <c>{name}</c> in it is the request's route value of that name, encoded so that it can't act as a pattern.</summary>
internal sealed class PermissionRequirement : IAuthorizationRequirement
{
    private readonly string[] _parts;

    /// <exception cref="ArgumentException">The text is neither a permission nor a scope.</exception>
    public PermissionRequirement(string text)
    {
        // Texts and names in turn: "git:", "owner", "/app:pull".
        _parts = text.Split('{', '}');
        var isBalanced = _parts.Length % 2 == 1 && text.Count(c => c == '{') == text.Count(c => c == '}');
        var sample = string.Concat(_parts.Select((part, i) => i % 2 == 0 ? part : "x"));
        if (!isBalanced || !ScopeWord.TryParse(sample, out _, out PermissionSyntaxError? error))
        {
            throw new ArgumentException($"'{text}' is neither a permission (git:acme/app:pull) nor a scope (grafana:read).", nameof(text));
        }

        Text = text;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>What this request needs; null when a route value is missing, or gives no permission: then nothing is enough.</summary>
    public ScopeWord? For(HttpContext? context)
    {
        var filled = new string[_parts.Length];
        for (var i = 0; i < _parts.Length; i++)
        {
            if (i % 2 == 0)
            {
                filled[i] = _parts[i];
            }
            else if (context?.GetRouteValue(_parts[i]) is string { Length: > 0 } value && !value.Any(char.IsControl))
            {
                filled[i] = WildcardPattern.Encode(value);
            }
            else
            {
                return null;
            }
        }

        return ScopeWord.TryParse(string.Concat(filled), out ScopeWord word, out _) ? word : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"a token with {Text}";
}
