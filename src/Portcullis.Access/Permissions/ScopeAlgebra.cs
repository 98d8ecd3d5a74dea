namespace Portcullis.Access.Permissions;

/// <summary>Comparing and narrowing scopes of other services. Nothing here can yield more than what went in.</summary>
internal static class ScopeAlgebra
{
    /// <summary>Whether scopes provably allow all that one does. Each action in a registry may come from another of them.</summary>
    public static bool Covers(ServiceScope[] scopes, ServiceScope scope)
    {
        if (scope.Registry is not { } registry)
        {
            return Array.IndexOf(scopes, scope) >= 0;
        }
        return RegistryAccess.Each(registry.Actions).Select(registry.With).All(single => Array.Exists(scopes, own => own.Registry?.Covers(single) ?? false));
    }

    /// <summary>What both allow, with the origins of the first.</summary>
    public static IEnumerable<ServiceScope> Intersect(ServiceScope[] scopes, ServiceScope[] others)
    {
        foreach (var scope in scopes)
        {
            if (Covers(others, scope))
            {
                yield return scope;
            }
            else if (scope.Registry is { } registry)
            {
                foreach (var common in others.SelectMany(other => other.Registry is { } wide ? RegistryAccess.Intersect(registry, wide) : []))
                {
                    yield return ServiceScope.Of(common, scope.Origin);
                }
            }
        }
    }

    /// <summary>Puts together registry scopes that differ in their actions only, and leaves out what another one covers.</summary>
    public static IEnumerable<ServiceScope> Simplify(IEnumerable<ServiceScope> scopes)
    {
        var merged = new List<ServiceScope>();
        foreach (var scope in scopes)
        {
            var same = merged.FindIndex(other => other.Registry is { } one && scope.Registry is { } two && one.Repositories.Equals(two.Repositories));
            if (same < 0)
            {
                merged.Add(scope);
            }
            else
            {
                merged[same] = ServiceScope.Of(merged[same].Registry!.With(merged[same].Registry!.Actions | scope.Registry!.Actions), merged[same].Origin);
            }
        }
        for (var i = merged.Count - 1; i >= 0; i--)
        {
            if (merged.Where((_, j) => j != i).Any(other => other.Covers(merged[i])))
            {
                merged.RemoveAt(i);
            }
        }
        return merged;
    }
}
