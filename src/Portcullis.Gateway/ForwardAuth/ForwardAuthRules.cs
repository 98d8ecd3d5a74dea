namespace Portcullis.Gateway.ForwardAuth;

/// <summary>Finds the rule for a request.</summary>
internal sealed class ForwardAuthRules(IReadOnlyList<ForwardAuthRule> rules)
{
    /// <summary>
    /// The first rule that matches; null when none does. <paramref name="isAmbiguous"/> says that another one would count if the service behind doesn't tell capitals from small letters: nobody but
    /// that service knows which of the two is meant.
    /// </summary>
    public ForwardAuthRule? Find(OriginalRequest request, out bool isAmbiguous)
    {
        var exact = rules.FirstOrDefault(rule => rule.Matches(request, ignoreCase: false));
        var ignoring = rules.FirstOrDefault(rule => rule.Matches(request, ignoreCase: true));
        isAmbiguous = exact is not null && !ReferenceEquals(exact, ignoring);
        return exact;
    }
}
