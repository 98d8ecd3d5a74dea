using System.Diagnostics.CodeAnalysis;
using Portcullis.Git.Names;

namespace Portcullis.Access.Policies;

/// <summary>Whom a binding is for: <c>user:alice</c>, <c>group:engineering</c>, <c>client:ci</c>.</summary>
internal sealed class SubjectPattern
{
    private readonly string _kind;
    private readonly WildcardPattern _name;
    private readonly string _text;

    private SubjectPattern(string kind, WildcardPattern name, string text) => (_kind, _name, _text) = (kind, name, text);

    public static bool TryParse(string text, [NotNullWhen(true)] out SubjectPattern? subject, [NotNullWhen(false)] out string? problem)
    {
        subject = null;
        var colon = text.IndexOf(':');
        var kind = colon < 0 ? "" : text[..colon];
        if (kind is not ("user" or "group" or "client"))
        {
            problem = "a subject is written user:NAME, group:NAME or client:NAME";
            return false;
        }
        if (!NamePattern.TryParse(text[(colon + 1)..], out var name, out problem))
        {
            return false;
        }
        subject = new SubjectPattern(kind, name, text);
        return true;
    }

    /// <summary>Whether it means this caller; <see cref="Identity.IsClient"/> says why a person and a client do not mix.</summary>
    public bool IsMatch(Identity who) => _kind switch
    {
        "user" => !who.IsClient && _name.IsMatch(who.Subject),
        "client" => who.IsClient && _name.IsMatch(who.Subject),
        _ => IsMember(who),
    };

    /// <summary>As it is written.</summary>
    public override string ToString() => _text;

    private bool IsMember(Identity who)
    {
        foreach (var group in who.Groups)
        {
            if (_name.IsMatch(group))
            {
                return true;
            }
        }
        return false;
    }
}
